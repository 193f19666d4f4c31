import { expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

/** Iris with a runtime in place of her command, among two providers. */
function irisWith(runtime: string, more = "") {
  const text = broken("command: [/bin/true]}\n  loom", `runtime: ${runtime}}\n  loom`);
  return check(
    folder,
    text.replace("tenants:", `providers: {main: {vendor: anthropic}, nous: {}, ${more}}\ntenants:`),
  );
}

test("a runtime's words come before those that are declared, its variables before the agent's own", () => {
  const runtime = "{kind: pi, provider: main, model: m, args: [--continue]}, env: {PATH: /opt/pi/bin}";
  expect(irisWith(runtime).fleet?.agents["iris"]).toMatchObject({
    runtime: "pi",
    model: { provider: "anthropic", model: "m" },
    command: ["pi", "--provider", "anthropic", "--model", "m", "--continue"],
    env: { PATH: "/opt/pi/bin" },
  });
});

test("a runtime may be named alone, and started by another program", () => {
  expect(irisWith("claude").fleet?.agents["iris"]).toMatchObject({ runtime: "claude", command: ["claude"] });
  expect(irisWith("{kind: codex, program: /opt/codex}").fleet?.agents["iris"]?.command).toEqual([
    "/opt/codex",
  ]);
});

test("an agent's PATH begins with its own folder of programs, and the declared one takes its place", () => {
  expect(irisWith("claude").fleet?.agents["iris"]?.env["PATH"]).toMatch(/^\/home\/iris\/\.local\/bin:/);
  expect(irisWith("claude, env: {PATH: /opt}").fleet?.agents["iris"]?.env["PATH"]).toBe("/opt");
});

test("a vendor that the runtime does not know is refused, as it would fail every task of the night", () => {
  expect(lines(irisWith("{kind: claude, provider: nous}").problems)).toEqual([
    expect.stringContaining(
      'agents.iris.runtime.provider: claude knows no vendor "nous", only anthropic, bedrock',
    ),
  ]);
});

test.each(["pi", "codex", "hermes"])(
  "a vendor that %s does not bring, and no file of its own names, is refused",
  (kind) => {
    const [problem] = lines(irisWith(`{kind: ${kind}, provider: antropic, model: m}`).problems);
    expect(problem).toContain("agents.iris.runtime.provider: ");
    expect(problem).toMatch(/no provider is named "antropic"|knows no vendor/);
    const misspelt = irisWith(`{kind: ${kind}, provider: typo, model: m}`, "typo: {vendor: openrouterr}");
    expect(lines(misspelt.problems)).toEqual([expect.stringContaining('knows no vendor "openrouterr"')]);
  },
);

test("a vendor that the identity's own configuration of the runtime names is taken", () => {
  const models = '{files: {".pi/agent/models.json": {text: \'{"providers": {"ours": {}}}\'}}, soul: SOUL.md}';
  const text = broken("command: [/bin/true]}\n  loom", "runtime: {kind: pi, provider: ours}}\n  loom")
    .replace("iris: {soul: SOUL.md}", `iris: ${models}`)
    .replace("tenants:", "providers: {ours: {}}\ntenants:");
  expect(lines(check(folder, text).problems)).toEqual([]);
});
