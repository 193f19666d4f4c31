import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { otherChoice } from "../../src/host/units/session-choice.ts";

const STARTED = Date.parse("2026-11-30T10:00:00Z");
const AFTER = "2026-11-30T10:05:00.000Z";
const LATER = "2026-11-30T10:06:00.000Z";
const BEFORE = "2026-11-30T09:00:00.000Z";

function makeHome(files: Readonly<Record<string, readonly object[]>>): string {
  const home = mkdtempSync(join(tmpdir(), "muster-sessions-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  for (const [path, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
  return home;
}

const CLAUDE = ".claude/projects/-home-iris/a.jsonl";
const CODEX = ".codex/sessions/2026/11/30/rollout-1.jsonl";
const PI = ".pi/agent/sessions/--home-iris--/1.jsonl";

/** Returns the output of the command `/model`, as Claude Code records it. */
const chosen = (label: string, timestamp = AFTER) => ({
  ...{ type: "user", timestamp },
  message: { role: "user", content: `<local-command-stdout>Set model to ${label}</local-command-stdout>` },
});
const turn = (model: string, timestamp = AFTER) => ({ type: "turn_context", timestamp, payload: { model } });
const answer = (provider: string, model: string, timestamp = AFTER) => ({
  ...{ type: "message", timestamp },
  message: { role: "assistant", provider, model },
});
const change = (provider: string, modelId: string) => ({
  ...{ type: "model_change", timestamp: LATER, provider, modelId },
});

const claude = (declared: string, ...lines: object[]) =>
  otherChoice("claude", makeHome({ [CLAUDE]: lines }), STARTED, { provider: "anthropic", model: declared })
    ?.model;
const codex = (declared: string, ...lines: object[]) =>
  otherChoice("codex", makeHome({ [CODEX]: lines }), STARTED, { provider: "openai", model: declared })?.model;
const pi = (declared: string, ...lines: object[]) =>
  otherChoice("pi", makeHome({ [PI]: lines }), STARTED, { provider: "openai", model: declared });

test("claude: the last choice of a person counts, in each form of a choice", () => {
  expect(claude("tiny-claude", chosen("\u001b[1msonnet (claude-sonnet-5-5)\u001b[22m"))).toBe(
    "sonnet (claude-sonnet-5-5)",
  );
  expect(claude("opus", chosen("Opus 4.1"), chosen("Haiku 4.5", LATER))).toBe("Haiku 4.5");
  expect(claude("opus", chosen("Haiku 4.5"), chosen("Opus 4.1", LATER))).toBeUndefined();
  expect(claude("claude-sonnet-4-5-20250929", chosen("Sonnet 4.5"))).toBeUndefined();
  expect(claude("claude-sonnet-4-5", chosen("Default (claude-sonnet-4-5-20250929)"))).toBeUndefined();
});

test("claude: a model that a gateway reports in its responses does not count", () => {
  const line = { type: "assistant", timestamp: AFTER, message: { model: "qwen-3", content: [] } };
  const quoted = { ...line, message: { content: "He wrote <local-command-stdout>Set model to x" } };
  expect(claude("tiny-claude", line, quoted)).toBeUndefined();
});

test("codex: the model of the last turn counts", () => {
  expect(codex("gpt-5", turn("gpt-5"), turn("gpt-5-mini", LATER))).toBe("gpt-5-mini");
  expect(codex("gpt-5", turn("gpt-5-mini"), turn("gpt-5", LATER))).toBeUndefined();
});

test("pi: the model and the provider count, and the declared model can be a part of the model's name or include a thinking level", () => {
  expect(pi("gpt-5", answer("openai", "gpt-5"), change("xai", "grok-4"))).toEqual({
    ...{ provider: "xai", model: "grok-4" },
  });
  expect(pi("gpt-5", answer("xai", "gpt-5"))).toEqual({ provider: "xai", model: "gpt-5" });
  for (const declared of ["gpt-5", "gpt-5:high", "openai/gpt-5", "GPT", "gpt*"])
    expect(pi(declared, answer("openai", "gpt-5"))).toBeUndefined();
});

test("records of an earlier run of the program do not count", () => {
  expect(codex("gpt-5", turn("other", BEFORE))).toBeUndefined();
  const home = makeHome({ [CODEX]: [turn("other")] });
  utimesSync(join(home, CODEX), STARTED / 1000 - 60, STARTED / 1000 - 60);
  expect(otherChoice("codex", home, STARTED, { model: "gpt-5" })).toBeUndefined();
});

test("only the newest record counts", () => {
  const home = makeHome({
    [CODEX]: [turn("old")],
    ".codex/sessions/2026/12/01/rollout-2.jsonl": [turn("new")],
  });
  utimesSync(join(home, CODEX), STARTED / 1000 + 1, STARTED / 1000 + 1);
  expect(otherChoice("codex", home, STARTED, { model: "gpt-5" })?.model).toBe("new");
});

test("hostile records are ignored, and cannot make the host wait", () => {
  expect(otherChoice("claude", makeHome({}), STARTED, { model: "x" })).toBeUndefined();
  const home = makeHome({ [CLAUDE]: [chosen("evil\u001b]0;title\u0007")], ".claude/projects/x/y": [] });
  expect(otherChoice("claude", home, STARTED, { model: "tiny" })?.model).not.toContain("\u001b");
  const folder = join(home, ".claude/projects/-home-iris");
  rmSync(join(folder, "a.jsonl"));
  execFileSync("mkfifo", [join(folder, "b.jsonl")]);
  symlinkSync("/dev/zero", join(folder, "c.jsonl"));
  mkdirSync(join(folder, "d.jsonl"));
  writeFileSync(join(folder, "e.jsonl"), `[]\nnull\n{"message": 1}\n{"content": {}}\n${"x".repeat(600_000)}`);
  expect(otherChoice("claude", home, STARTED, { model: "tiny" })).toBeUndefined();
});
