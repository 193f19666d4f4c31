import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { runFleet } from "../../src/cli/program.ts";
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

/** Returns what `fleet` prints for these words. */
async function output(...words: readonly string[]): Promise<string> {
  let shown = "";
  const out = (text: string) => {
    shown += text;
  };
  await runFleet(words, { out, err: out, terminal: false, closed: () => false });
  return shown;
}

test.each(["", ...commands.map(({ name }) => name)])(
  "the help of `fleet %s` fits into 80 columns",
  async (name) => {
    const help = await output(...(name === "" ? [] : [name]), "--help");
    expect(help).toContain("Exit codes:");
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
  },
);

test("the help of `fleet` says how a person watches an agent, answers its question and sends it a message", async () => {
  const help = (await output("--help")).replaceAll(/\s+/g, " ");
  expect(help).toMatch(/watch <name> show the live terminal.*watch NAME --takeover.*answer a question/);
  expect(help).toMatch(/send <name> <text>.*send NAME --verify TEXT.*proof that the agent has accepted it/);
});
