import { expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

/** The small fleet with two providers, in which a runtime replaces the command of iris. */
function irisWith(runtime: string, more = "") {
  const text = broken("command: [/bin/true]}\n  loom", `runtime: ${runtime}}\n  loom`);
  return check(
    folder,
    text.replace("tenants:", `providers: {main: {vendor: anthropic}, nous: {}, ${more}}\ntenants:`),
  );
}

test("a runtime's arguments precede the declared ones, and the agent's variables override the runtime's variables", () => {
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

test("a vendor is refused if the runtime does not know it", () => {
  expect(lines(irisWith("{kind: claude, provider: nous}").problems)).toEqual([
    expect.stringContaining(
      'agents.iris.runtime.provider: claude does not know the vendor "nous"; it knows anthropic, bedrock',
    ),
  ]);
});

test.each(["pi", "codex", "hermes"])(
  "a vendor is refused if neither %s nor one of the identity's files knows it",
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

test("a vendor is accepted if the runtime's configuration file among the identity's files names it", () => {
  const models = '{files: {".pi/agent/models.json": {text: \'{"providers": {"ours": {}}}\'}}, soul: SOUL.md}';
  const text = broken("command: [/bin/true]}\n  loom", "runtime: {kind: pi, provider: ours}}\n  loom")
    .replace("iris: {soul: SOUL.md}", `iris: ${models}`)
    .replace("tenants:", "providers: {ours: {}}\ntenants:");
  expect(lines(check(folder, text).problems)).toEqual([]);
});
