import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { RUNTIMES, type RuntimeKind, runtimeOf } from "../../src/runtimes/registry.ts";

const schema: unknown = JSON.parse(readFileSync(join(packageRoot(), "schema/fleet.schema.json"), "utf8"));

/** Returns every list of allowed values in a JSON Schema that contains a value. */
function enumsWith(value: string, node: unknown): string[][] {
  if (typeof node !== "object" || node === null) return [];
  const own = "enum" in node && Array.isArray(node.enum) && node.enum.includes(value) ? [node.enum] : [];
  return [...own, ...Object.values(node).flatMap((child) => enumsWith(value, child))];
}

test("the schema contains every runtime, as a name of its own and as a `kind`", () => {
  const names = Object.keys(RUNTIMES);
  const shortNames = names.filter((name) => name !== "command");
  expect(
    enumsWith("claude", schema)
      .map((values) => values.toSorted())
      .toSorted(),
  ).toEqual([names.toSorted(), shortNames.toSorted()].toSorted());
});

const CHOICE = { provider: "anthropic", model: "claude-sonnet-4-5" };

const SETTINGS: Readonly<Record<RuntimeKind, object>> = {
  claude: { args: ["--model", "claude-sonnet-4-5"], env: {} },
  codex: { args: ["--model", "claude-sonnet-4-5", "-c", 'model_provider="anthropic"'] },
  pi: { args: ["--provider", "anthropic", "--model", "claude-sonnet-4-5"] },
  hermes: {
    files: { ".hermes/config.yaml": 'model:\n  default: "claude-sonnet-4-5"\n  provider: "anthropic"\n' },
  },
  command: {},
};

const FILES = { "SOUL.md": "# Iris\n", "USER.md": "A person.\n", "notes/plan.md": "A plan.\n" };

const PLACES: Readonly<Record<RuntimeKind, object>> = {
  claude: { ".claude/CLAUDE.md": "# Iris\n\nA person.\n" },
  codex: { ".codex/AGENTS.md": "# Iris\n\nA person.\n" },
  pi: { ".pi/agent/AGENTS.md": "# Iris\n\nA person.\n" },
  hermes: { ".hermes/SOUL.md": "# Iris\n", ".hermes/memories/USER.md": "A person.\n" },
  command: {},
};

describe.each(Object.keys(RUNTIMES) as RuntimeKind[])("the runtime %s", (kind) => {
  test("is started with its provider and model, and with no settings if none are declared", () => {
    expect(runtimeOf(kind).settings(CHOICE)).toEqual(SETTINGS[kind]);
    const { args = [], env = {}, files = {} } = runtimeOf(kind).settings({});
    expect([...args, ...Object.keys(env), ...Object.keys(files)]).toEqual([]);
  });

  test("gets the agent's identity in the files that it reads", () => {
    expect(runtimeOf(kind).identity(FILES)).toEqual(PLACES[kind]);
  });

  test("has a program and process names, unless it is the runtime for plain commands", () => {
    const { program, processes } = runtimeOf(kind);
    expect([program === undefined, processes.length === 0]).toEqual(
      kind === "command" ? [true, true] : [false, false],
    );
  });
});

test("pi can appear as a process named node, which `fleet ps` does not report as a wrong program", () => {
  expect(runtimeOf("pi").processes).toContain("node");
});

test("claude is switched to another cloud only by its environment", () => {
  expect(runtimeOf("claude").settings({ provider: "bedrock" })).toEqual({
    args: [],
    env: { CLAUDE_CODE_USE_BEDROCK: "1" },
  });
});

test("hermes gets its list of fallbacks in order and in hermes's own format", () => {
  const fallbacks = [
    { provider: "gemini", model: "example-long" },
    { provider: "openrouter", model: "a/b:free" },
  ];
  expect(parse(runtimeOf("hermes").settings(CHOICE, fallbacks).files?.[".hermes/config.yaml"] ?? "")).toEqual(
    {
      model: { provider: "anthropic", default: "claude-sonnet-4-5" },
      fallback_providers: fallbacks,
    },
  );
});
