import { describe, expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

/** Checks the small fleet with two providers and with this runtime instead of the command of iris. */
function irisWith(runtime: string, more = "") {
  const text = broken("command: [/bin/true]}\n  loom", `runtime: ${runtime}}\n  loom`);
  return check(
    folder,
    text.replace("tenants:", `providers: {main: {vendor: anthropic}, nous: {}, ${more}}\ntenants:`),
  );
}

test("a runtime's arguments precede the declared arguments, and the agent's variables override the runtime's variables", () => {
  const runtime = "{kind: pi, provider: main, model: m, args: [--continue]}, env: {PATH: /opt/pi/bin}";
  expect(irisWith(runtime).fleet?.agents["iris"]).toMatchObject({
    runtime: "pi",
    model: { provider: "anthropic", model: "m" },
    command: ["pi", "--provider", "anthropic", "--model", "m", "--continue"],
    env: { PATH: "/opt/pi/bin" },
  });
});

test("a runtime can be declared by name only, and can use another program", () => {
  expect(irisWith("claude").fleet?.agents["iris"]).toMatchObject({ runtime: "claude", command: ["claude"] });
  expect(irisWith("{kind: codex, program: /opt/codex}").fleet?.agents["iris"]?.command).toEqual([
    "/opt/codex",
  ]);
});

test("an agent's PATH starts with a folder in its home, and a declared PATH replaces the default", () => {
  expect(irisWith("claude").fleet?.agents["iris"]?.env["PATH"]).toMatch(/^\/home\/iris\/\.local\/bin:/);
  expect(irisWith("claude, env: {PATH: /opt}").fleet?.agents["iris"]?.env["PATH"]).toBe("/opt");
});

test("a vendor is refused if the runtime does not know this vendor", () => {
  expect(lines(irisWith("{kind: claude, provider: nous}").problems)).toEqual([
    expect.stringContaining(
      'agents.iris.runtime.provider: claude does not know the vendor "nous"; claude knows anthropic, bedrock',
    ),
  ]);
});

test.each(["pi", "codex", "hermes"])(
  "a vendor is refused if neither the runtime %s nor a file of the identity names the vendor",
  (kind) => {
    const [problem] = lines(irisWith(`{kind: ${kind}, provider: antropic, model: m}`).problems);
    expect(problem).toContain("agents.iris.runtime.provider: ");
    expect(problem).toMatch(/no provider is named "antropic"|does not know the vendor/);
    const misspelt = irisWith(`{kind: ${kind}, provider: typo, model: m}`, "typo: {vendor: openrouterr}");
    expect(lines(misspelt.problems)).toEqual([
      expect.stringContaining('does not know the vendor "openrouterr"'),
    ]);
  },
);

test("a vendor is accepted if the identity contains a configuration file of the runtime that names the vendor", () => {
  const models = '{files: {".pi/agent/models.json": {text: \'{"providers": {"ours": {}}}\'}}, soul: SOUL.md}';
  const text = broken("command: [/bin/true]}\n  loom", "runtime: {kind: pi, provider: ours}}\n  loom")
    .replace("iris: {soul: SOUL.md}", `iris: ${models}`)
    .replace("tenants:", "providers: {ours: {}}\ntenants:");
  expect(lines(check(folder, text).problems)).toEqual([]);
});

test("a core agent continues its conversation, unless its declaration or its arguments say otherwise", () => {
  const sessionOf = (runtime: string, more = "") =>
    irisWith(`${runtime}${more}`).fleet?.agents["iris"]?.session;
  expect(["claude", "codex", "pi", "hermes"].map((kind) => sessionOf(kind))).toEqual([
    "claude",
    "codex",
    "pi",
    "hermes",
  ]);
  expect(sessionOf("openclaw")).toBeUndefined();
  expect(sessionOf("{kind: hermes, args: [gateway, run]}")).toBeUndefined();
  expect(sessionOf("{kind: claude, session: fresh}")).toBeUndefined();
  expect(sessionOf("claude", ", lifecycle: ephemeral")).toBeUndefined();
  expect(sessionOf("{kind: claude, session: resume}", ", lifecycle: ephemeral")).toBe("claude");
  expect(sessionOf("{kind: claude, args: [--continue]}")).toBeUndefined();
  expect(sessionOf("{kind: codex, args: [resume, --last]}")).toBeUndefined();
});

test.each([
  [
    "{kind: openclaw, session: resume}",
    "cannot be `resume` for openclaw: Muster cannot choose its conversation",
  ],
  ["{kind: pi, session: resume, args: [--continue]}", "cannot be `resume` with --continue in `args`"],
])("a conversation that cannot be continued is refused: %s", (runtime, expected) => {
  expect(lines(irisWith(runtime).problems)).toEqual([
    expect.stringContaining(`agents.iris.runtime.session: ${expected}`),
  ]);
});

test("`onIdentityChange` is `fresh` by default, and `resume` needs a conversation that Muster continues", () => {
  const onChangeOf = (more: string) => irisWith(`pi${more}`).fleet?.agents["iris"]?.onIdentityChange;
  expect([onChangeOf(""), onChangeOf(", onIdentityChange: resume")]).toEqual(["fresh", "resume"]);
  expect(lines(irisWith("{kind: pi, session: fresh}, onIdentityChange: resume").problems)).toEqual([
    expect.stringContaining("agents.iris.onIdentityChange: cannot be `resume`, because Muster does not"),
  ]);
});

test("the address of a provider reaches the runtime, together with the variable of the provider's key", () => {
  const credential = 'iris-key: {from: "config:iris-key", type: api-key, env: API_KEY}';
  const text = broken(credential, credential.replace("env: API_KEY", "provider: main, env: API_KEY"))
    .replace("command: [/bin/true]}\n  loom", "runtime: {kind: codex, provider: main, model: m}}\n  loom")
    .replace("tenants:", 'providers: {main: {vendor: openai, url: "http://192.0.2.7:80/v1"}}\ntenants:');
  expect(check(folder, text).fleet?.agents["iris"]?.command.at(-1)).toBe(
    'model_providers.openai-key={name="OpenAI",base_url="http://192.0.2.7:80/v1",env_key="API_KEY",wire_api="responses"}',
  );
  const broke = text.replace("http://192.0.2.7:80/v1", "http://me:secret@192.0.2.7");
  expect(lines(check(folder, broke).problems)).toEqual([
    expect.stringContaining("providers.main.url: must be an http or https address without a login"),
  ]);
});

describe("the gateways of two agents on a host", () => {
  const CONFIG = ".openclaw/openclaw.json";
  const named = (one: string, other: string, host = "hub") =>
    broken("east, tenant: arc, command: [/bin/true]", `${host}, tenant: arc, runtime: openclaw`)
      .replace("command: [/bin/true]", "runtime: openclaw")
      .replaceAll("iris", one)
      .replaceAll("loom", other);
  const portsIn = (text: string, names: readonly string[]) => {
    const { fleet, problems } = check(folder, text);
    expect(problems).toEqual([]);
    return names.map(
      (name) => JSON.parse(fleet?.agents[name]?.settings.defaults[CONFIG] ?? "").gateway.port as number,
    );
  };

  test("get ports that are at least 120 apart, even if their names lead to the same port", () => {
    // The names a74 and a88 lead to the same port.
    for (const [one, other] of [["iris", "loom"] as const, ["a74", "a88"] as const]) {
      const [first = 0, second = 0] = portsIn(named(one, other), [one, other]);
      expect(Math.abs(first - second)).toBeGreaterThanOrEqual(120);
    }
    const [first, second] = portsIn(named("a74", "a88", "east"), ["a74", "a88"]);
    expect(first).toBe(second);
  });

  test("are refused if their identities declare the same port", () => {
    const file = `{soul: SOUL.md, files: {${CONFIG}: {text: '{"gateway": {"port": 18789}}', write: merge}}}`;
    const text = named("iris", "loom")
      .replace("iris: {soul: SOUL.md}", `iris: ${file}`)
      .replace("loom: {soul: SOUL.md}", `loom: ${file}`);
    expect(lines(check(folder, text).problems)).toEqual([
      expect.stringContaining("agents.loom: has the port 18789 for its gateway, which iris also has on hub"),
    ]);
  });
});

test.each([
  ["claude", "waits for a login: add a credential with `env: ANTHROPIC_API_KEY`"],
  ["{kind: codex, provider: gpt}", "waits for a login: add a credential with `env: OPENAI_API_KEY`"],
  ["hermes", "asks whether to run its setup: declare `provider` and `model` in `runtime`"],
])("a runtime that waits for a person in a fresh home causes a warning: %s", (runtime, expected) => {
  const waits = (more = "") =>
    lines(irisWith(`${runtime}${more}`, "gpt: {vendor: openai}").warnings).filter((line) =>
      line.includes("fresh home"),
    );
  expect(waits()).toEqual([expect.stringContaining(expected)]);
  // In a home that existed before, a person may already have answered the question.
  expect(waits(", replaces: [old.service]")).toEqual([]);
});

test("an agent's runtime sends its heartbeats, if it can", () => {
  const beats = (runtime: string) => irisWith(`${runtime}, heartbeat: {by: runtime}`);
  const times = { interval: 60, timeout: 240 };
  for (const [kind, sent] of [["claude", "hooks"] as const, ["openclaw", "timer"] as const])
    expect(beats(kind).fleet?.agents["iris"]?.heartbeat).toEqual({ by: "file", sent, ...times });
  expect(Object.keys(beats("pi").fleet?.agents["iris"]?.settings.programs ?? {})).toEqual([
    ".pi/agent/extensions/muster-beat.js",
  ]);
  expect(lines(beats("{kind: command, program: /bin/true}").problems)).toEqual([
    expect.stringContaining(
      "agents.iris.heartbeat.by: cannot be `runtime` for command, which sends no heartbeats: use `file`",
    ),
  ]);
});
