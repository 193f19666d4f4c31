import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { registry } from "../../src/cli/registry.ts";

const commands = await Promise.all(
  Object.entries(registry).map(async ([name, load]) => ({ name, command: (await load()).command })),
);

test.each(commands)(
  "the command `fleet $name` is registered under the first word of its usage line",
  ({ name, command }) => {
    expect(command.usage.split(" ")[0]).toBe(name);
  },
);

test.each(commands.filter(({ command }) => command.options?.["--json"]?.includes(".schema.json")))(
  "the JSON output of `fleet $name` has a schema",
  ({ command }) => {
    const [path = ""] = /docs\/schema\/\S+\.schema\.json/.exec(command.options?.["--json"] ?? "") ?? [];
    expect(path).not.toBe("");
    expect(existsSync(join(packageRoot(), path))).toBe(true);
  },
);
