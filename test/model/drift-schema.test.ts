import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { AGENT_PARTS } from "../../src/model/agent-parts.ts";
import { RESOURCE_TYPES } from "../../src/model/declaration.ts";
import { FORMER_TYPES } from "../../src/model/legacy-agent-parts.ts";

const text = readFileSync(join(packageRoot(), "docs/schema/drift.schema.json"), "utf8");
const { definitions } = JSON.parse(text) as {
  definitions: Readonly<
    Record<
      string,
      { properties?: Readonly<Record<string, { enum?: readonly string[] }>>; enum?: readonly string[] }
    >
  >;
};
const properties = definitions["finding"]?.properties ?? {};

test("the schema of `fleet drift --json` lists all resource types, including those of earlier versions", () => {
  const types = properties["type"]?.enum ?? [];
  const resourceTypes = types.slice(types.indexOf("Host"));
  expect(new Set(resourceTypes)).toEqual(new Set([...RESOURCE_TYPES, ...Object.values(FORMER_TYPES)]));
});

test("the schema of `fleet drift --json` lists all parts of an agent", () => {
  expect(definitions["part"]?.enum).toEqual(AGENT_PARTS);
});
