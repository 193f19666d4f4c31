import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../scripts/generate/files.ts";

const root = join(import.meta.dirname, "../..");

test.each(generatedFiles())("the generated file $path is up to date with the schemas", ({ path, text }) => {
  const stale = `${path} is stale: run \`npm run generate\``;
  expect(readFileSync(join(root, path), "utf8"), stale).toBe(text);
});
