import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { cacheDir } from "../../src/base/muster-folders.ts";

const MODULE = "github.com/rhysd/actionlint/cmd/actionlint";
const VERSION = "v1.7.12";

/**
 * Builds the linter for workflows once, with the machine's Go, and keeps the linter in the cache.
 *
 * @returns the path of the linter
 */
export async function ensureActionlint(): Promise<string> {
  const dir = join(cacheDir(), "tools", `actionlint-${VERSION}`);
  const program = join(dir, "actionlint");
  if (!existsSync(program)) await execa("go", ["install", `${MODULE}@${VERSION}`], { env: { GOBIN: dir } });
  return program;
}
