import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type CommandPlace, secretCommands } from "../../src/provider/secret-commands.ts";
import { valuesOfRun } from "../../src/provider/values-of-run.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-commands-"));
const file = join(folder, "values");
const place = (more: Partial<CommandPlace> = {}): CommandPlace => ({
  ...{ folder, env: { PATH: process.env["PATH"] }, values: valuesOfRun(file, undefined) },
  ...more,
});
const readValue = (command: string, more?: Partial<CommandPlace>) =>
  secretCommands(place(more))(command).reveal();

/** A command that prints a value, and notes each of its runs. */
const NOTING = "sh -c 'echo run >>runs; echo canary-7f3a'";
const runs = () => readFileSync(join(folder, "runs"), "utf8").trim().split("\n").filter(Boolean).length;

beforeEach(() => {
  rmSync(file, { force: true });
  writeFileSync(join(folder, "runs"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the value of a command", () => {
  it.each([
    ["printf 'sk-1\\n'", "sk-1"],
    ["printf 'sk-1\\r\\n'", "sk-1"],
    ["printf ' two\\nlines\\n\\n'", " two\nlines\n"],
    ["printf sk-1", "sk-1"],
  ])("is its output without one line end: %s", (command, value) => {
    expect(readValue(command)).toBe(value);
  });

  it("is read in the project's folder, without Muster's own variables", () => {
    const env = {
      PATH: process.env["PATH"],
      PULUMI_CONFIG_PASSPHRASE: "p",
      MUSTER_RUN_KEY: "k",
      VAULT_ADDR: "v",
    };
    const command = "sh -c 'pwd; echo \"$PULUMI_CONFIG_PASSPHRASE$MUSTER_RUN_KEY$VAULT_ADDR\"'";
    expect(readValue(command, { env })).toBe(`${folder}\nv`);
  });

  it("is read once, even if it is needed several times or the command fails", () => {
    const commands = secretCommands(place());
    expect([commands(NOTING).reveal(), commands(NOTING).reveal()]).toEqual(["canary-7f3a", "canary-7f3a"]);
    expect(runs()).toBe(1);
    const failing = "sh -c 'echo run >>runs; exit 3'";
    for (let i = 0; i < 2; i++) expect(() => commands(failing)).toThrow("it ended with exit status 3");
    expect(runs()).toBe(2);
  });
});

it.each([
  ["sh -c 'echo canary-7f3a; echo canary-7f3a >&2; exit 3'", "it ended with exit status 3."],
  ["sh -c 'kill -9 $$'", "it ended by SIGKILL."],
  ["muster-no-such-program", "it cannot be started (ENOENT)."],
  ["printf '\\377'", "it does not print UTF-8 text."],
  ["head -c 2000000 /dev/zero", "it prints more than 1 MiB."],
  ["sh -c 'echo canary-7f3a; exec sleep 30'", "it has not ended within 0.2 s."],
])(
  "a command that returns no value causes an error in one sentence that does not contain the command's output: %s",
  (command, why) => {
    const next = "Run the command yourself to see its output.";
    const sentence = `there is no value for exec:${command}: ${why} ${next}`;
    const shown = (text: string) => text.replace(`exec:${command}`, "");
    try {
      readValue(command, { patience: 200 });
      expect.unreachable();
    } catch (error) {
      expect(`${(error as Error).message}`).toBe(sentence);
      expect(shown(`${(error as Error).stack}`)).not.toContain("canary");
    }
  },
);

describe("the preview and the update of one `up`", () => {
  const key = "a1".repeat(32);

  it("run a command once, and the file that the preview writes for the update does not contain the value", () => {
    expect(readValue(NOTING, { values: valuesOfRun(file, key) })).toBe("canary-7f3a");
    expect(readFileSync(file, "latin1")).not.toContain("canary");
    expect(readValue(NOTING, { values: valuesOfRun(file, key) })).toBe("canary-7f3a");
    expect(runs()).toBe(1);
  });

  it("do not use the values of another run", () => {
    readValue(NOTING, { values: valuesOfRun(file, key) });
    readValue(NOTING, { values: valuesOfRun(file, "b2".repeat(32)) });
    expect(runs()).toBe(2);
  });
});
