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

test("the schema contains every runtime, both as a plain name and as a `kind`", () => {
  const names = Object.keys(RUNTIMES);
  const shortNames = names.filter((name) => name !== "command");
  // Pinned versions exist only for the runtimes with a package.
  const pinned = shortNames;
  expect(
    enumsWith("claude", schema)
      .map((values) => values.toSorted())
      .toSorted(),
  ).toEqual([names, shortNames, pinned].map((one) => one.toSorted()).toSorted());
});

const CHOICE = { provider: "anthropic", model: "claude-sonnet-4-5" };

const AROUND = {
  name: "iris",
  home: "/home/iris",
  workdir: "/home/iris",
  others: [],
  variables: [],
  neighbours: [],
};

const SETTINGS: Readonly<Record<RuntimeKind, object>> = {
  claude: { args: ["--model", "claude-sonnet-4-5"], env: {} },
  codex: { args: ["--model", "claude-sonnet-4-5", "-c", 'model_provider="anthropic"'] },
  pi: { args: ["--provider", "anthropic", "--model", "claude-sonnet-4-5"] },
  hermes: {
    files: { ".hermes/config.yaml": 'model:\n  default: "claude-sonnet-4-5"\n  provider: "anthropic"\n' },
    defaults: { ".hermes/config.yaml": 'fallback_providers: []\napprovals:\n  mode: "off"\n' },
  },
  openclaw: { args: ["gateway", "run"] },
  command: {},
};

const FILES = { "SOUL.md": "# Iris\n", "USER.md": "A person.\n", "notes/plan.md": "A plan.\n" };

const PLACES: Readonly<Record<RuntimeKind, object>> = {
  claude: { ".claude/CLAUDE.md": "# Iris\n\nA person.\n" },
  codex: { ".codex/AGENTS.md": "# Iris\n\nA person.\n" },
  pi: { ".pi/agent/AGENTS.md": "# Iris\n\nA person.\n" },
  hermes: { ".hermes/SOUL.md": "# Iris\n", ".hermes/memories/USER.md": "A person.\n" },
  openclaw: {},
  command: {},
};

describe.each(Object.keys(RUNTIMES) as RuntimeKind[])("the runtime %s", (kind) => {
  test("is started with the declared provider and model, or without both if none are declared", () => {
    expect(runtimeOf(kind).settings(CHOICE, AROUND)).toMatchObject(SETTINGS[kind]);
    const { args = [], env = {}, files = {} } = runtimeOf(kind).settings({}, AROUND);
    const always = kind === "openclaw" ? ["gateway", "run", ".openclaw/openclaw.json"] : [];
    expect([...args, ...Object.keys(env), ...Object.keys(files)]).toEqual(always);
    expect(JSON.stringify(files)).not.toContain("primary");
  });

  test("gets the agent's identity in the files that the runtime reads", () => {
    expect(runtimeOf(kind).identity(FILES)).toEqual(PLACES[kind]);
  });

  test("has a program and process names, unless it is the runtime for plain commands", () => {
    const { program, processes } = runtimeOf(kind);
    expect([program === undefined, processes.length === 0]).toEqual(
      kind === "command" ? [true, true] : [false, false],
    );
  });
});

test("the runtime pi can appear as a process named node, which `fleet ps` does not report as a wrong program", () => {
  expect(runtimeOf("pi").processes).toContain("node");
});

test("the runtime claude is switched to another cloud only by its environment", () => {
  expect(runtimeOf("claude").settings({ provider: "bedrock" }, AROUND)).toMatchObject({
    args: [],
    env: { CLAUDE_CODE_USE_BEDROCK: "1" },
  });
});

test("the runtime hermes gets its fallbacks in order, and in its own format", () => {
  const others = [
    { provider: "gemini", model: "example-long" },
    { provider: "openrouter", model: "a/b:free", url: "http://models.example.org/v1" },
  ];
  const { files } = runtimeOf("hermes").settings(CHOICE, { ...AROUND, others });
  expect(parse(files?.[".hermes/config.yaml"] ?? "")).toEqual({
    model: { provider: "anthropic", default: "claude-sonnet-4-5" },
    fallback_providers: [
      others[0],
      { provider: "openrouter", model: "a/b:free", base_url: "http://models.example.org/v1" },
    ],
  });
});

describe("an address of a provider", () => {
  const url = "http://models.example.org/v1";

  test("reaches each runtime in its own way", () => {
    const of = (kind: RuntimeKind, provider: string) => runtimeOf(kind).settings({ provider, url }, AROUND);
    expect(of("claude", "anthropic").env).toEqual({ ANTHROPIC_BASE_URL: url });
    expect(of("codex", "openai").args).toContain(`openai_base_url=${JSON.stringify(url)}`);
    expect(of("codex", "mine").args).toContain(`model_providers.mine.base_url=${JSON.stringify(url)}`);
    expect(JSON.parse(of("pi", "openai").files?.[".pi/agent/models.json"] ?? "")).toEqual({
      providers: { openai: { baseUrl: url } },
    });
    expect(parse(of("hermes", "deepseek").files?.[".hermes/config.yaml"] ?? "")).toEqual({
      model: { provider: "deepseek", base_url: url },
    });
  });

  test("reaches pi for all providers to which the agent can fail over", () => {
    const others = [{ provider: "google", url: "http://other.example.org" }];
    const { files } = runtimeOf("pi").settings({ provider: "openai", url }, { ...AROUND, others });
    expect(JSON.parse(files?.[".pi/agent/models.json"] ?? "")).toEqual({
      providers: { openai: { baseUrl: url }, google: { baseUrl: "http://other.example.org" } },
    });
  });
});

test("the runtime codex uses a key of OpenAI without a login", () => {
  const { args = [] } = runtimeOf("codex").settings(
    { provider: "openai", model: "gpt" },
    { ...AROUND, variables: ["OPENAI_API_KEY"] },
  );
  expect(args.join(" ")).toBe(
    '--model gpt -c model_provider="openai-key" -c model_providers.openai-key={name="OpenAI",' +
      'base_url="https://api.openai.com/v1",env_key="OPENAI_API_KEY",wire_api="responses"}',
  );
});

test("the runtime claude gets a key from a helper program, because claude asks a person about a key in claude's own variable", () => {
  const { defaults } = runtimeOf("claude").settings({}, { ...AROUND, variables: ["ANTHROPIC_API_KEY"] });
  const settings = JSON.parse(defaults?.[".claude/settings.json"] ?? "");
  expect(settings.apiKeyHelper).toBe(
    `printenv ${runtimeOf("claude").renamedVariables?.["ANTHROPIC_API_KEY"]}`,
  );
  const { defaults: others } = runtimeOf("claude").settings({}, AROUND);
  expect(others?.[".claude/settings.json"]).not.toContain("apiKeyHelper");
});

describe("heartbeats of the runtime", () => {
  const kinds = (Object.keys(RUNTIMES) as RuntimeKind[]).filter(
    (kind) => runtimeOf(kind).beats !== undefined,
  );

  test("are sent by every runtime except plain commands, and only if they are declared", () => {
    expect(kinds).toEqual(["claude", "codex", "pi", "hermes", "openclaw"]);
    for (const kind of kinds) {
      const [without, declared] = [{}, { beatSeconds: 60 }].map((more) =>
        JSON.stringify(runtimeOf(kind).settings(CHOICE, { ...AROUND, ...more })),
      );
      expect(without).not.toMatch(/muster-beat|MUSTER_BEAT/);
      expect(declared).toMatch(/muster-beat|MUSTER_BEAT/);
    }
  });

  test.each(["pi", "openclaw"] as const)(
    "the extension of %s is a program that Node can parse",
    async (kind) => {
      const { programs = {} } = runtimeOf(kind).settings(CHOICE, { ...AROUND, beatSeconds: 60 });
      const [text = ""] = Object.entries(programs).flatMap(([path, one]) =>
        path.endsWith(".js") ? [one] : [],
      );
      const module: unknown = await import(`data:text/javascript,${encodeURIComponent(text)}`);
      expect(module).toHaveProperty("default");
      expect(text).toContain("60000");
    },
  );

  test("do not replace the hooks that an identity declares for claude and codex", () => {
    const { files = {}, defaults = {} } = runtimeOf("claude").settings(CHOICE, {
      ...AROUND,
      beatSeconds: 60,
    });
    expect(JSON.stringify({ files, defaults })).not.toContain("hooks");
    const { defaults: codex } = runtimeOf("codex").settings(CHOICE, { ...AROUND, beatSeconds: 60 });
    expect(JSON.stringify(codex)).not.toContain("hooks");
  });
});
