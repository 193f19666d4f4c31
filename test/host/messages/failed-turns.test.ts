import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { currentEnds, failedTurns, type ReadEnds } from "../../../src/host/messages/failed-turns.ts";
import { type RuntimeKind, runtimeOf } from "../../../src/runtimes/registry.ts";

type Recording = "claude" | "codex" | "pi" | "hermes";

const json = (value: unknown) => `${JSON.stringify(value)}\n`;

/** For each runtime: its record, a lost turn, and a turn with an answer, as the runtime writes them. */
const RECORDS: Readonly<Record<Recording, { path: string; lost: string; reason: string; answered: string }>> =
  {
    claude: {
      path: ".claude/projects/-home-iris/a.jsonl",
      lost: json({
        type: "assistant",
        message: { model: "<synthetic>" },
        error: "rate_limit",
        isApiErrorMessage: true,
      }),
      reason: "rate_limit",
      answered: json({ type: "assistant", message: { model: "claude-sonnet-4-5" } }),
    },
    codex: {
      path: ".codex/sessions/2026/12/01/rollout-a.jsonl",
      lost: json({
        type: "event_msg",
        payload: { type: "task_complete", error: { message: "high demand" } },
      }),
      reason: "high demand",
      answered: json({ type: "event_msg", payload: { type: "task_complete", last_agent_message: "done" } }),
    },
    pi: {
      path: ".pi/agent/sessions/--home-iris--/a.jsonl",
      lost: json({
        type: "message",
        message: { role: "assistant", stopReason: "error", errorMessage: "500 down" },
      }),
      reason: "500 down",
      answered: json({ type: "message", message: { role: "assistant", stopReason: "stop" } }),
    },
    hermes: {
      path: ".hermes/logs/errors.log",
      lost: "2026-12-01 01:48:48,521 ERROR [s] agent.conversation_loop: API call failed after 3 retries. HTTP 500: down | provider=deepseek msgs=2\n",
      reason: "API call failed after 3 retries. HTTP 500: down",
      answered:
        "2026-12-01 01:48:42,137 WARNING [s] agent.conversation_loop: API call failed (attempt 2/3) error_type=InternalServerError\n",
    },
  };

/** A home whose files have not changed for a minute. */
function makeHome() {
  const home = mkdtempSync(join(tmpdir(), "muster-home-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const settle = (path: string) => {
    const then = Date.now() / 1000 - 60;
    utimesSync(join(home, path), then, then);
  };
  const append = (path: string, text: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    appendFileSync(join(home, path), text);
    settle(path);
  };
  const replace = (path: string, text: string) => {
    writeFileSync(join(home, path), text);
    settle(path);
  };
  return { home, append, replace };
}

const recordsOf = (kind: RuntimeKind) => runtimeOf(kind).failures ?? [];

describe.each(Object.keys(RECORDS) as Recording[])("a lost turn of %s", (kind) => {
  const { path, lost, reason, answered } = RECORDS[kind];

  test("is found once, unless it was lost before the first search", () => {
    const { home, append } = makeHome();
    append(path, lost);
    let ends: ReadEnds = currentEnds(home, recordsOf(kind));
    const search = () => {
      const found = failedTurns(home, recordsOf(kind), ends);
      ends = found.ends;
      return found.reasons;
    };
    expect(search()).toEqual([]);
    append(path, answered + lost);
    expect([search(), search()]).toEqual([[reason], []]);
    append(path, answered);
    expect(search()).toEqual([]);
  });

  test("is found in a file that the runtime has begun since the last search", () => {
    const { home, append } = makeHome();
    append(path, lost);
    expect(failedTurns(home, recordsOf(kind), {}).reasons).toEqual([reason]);
  });
});

test("an attempt of pi is not a lost turn if pi tries again", () => {
  const { home, append } = makeHome();
  const { path, lost, reason } = RECORDS.pi;
  append(path, (lost + json({ type: "context_edit", targetId: "x" })).repeat(3));
  expect(failedTurns(home, recordsOf("pi"), {}).reasons).toEqual([]);
  append(path, lost);
  expect(failedTurns(home, recordsOf("pi"), {}).reasons).toEqual([reason]);
});

test("a record that was written a moment ago is read later, and a new log is read from its start", () => {
  const { home, append, replace } = makeHome();
  const { path, lost, reason } = RECORDS.hermes;
  append(path, lost + lost);
  const { ends } = failedTurns(home, recordsOf("hermes"), {});
  appendFileSync(join(home, path), lost);
  const early = failedTurns(home, recordsOf("hermes"), ends);
  expect(early.reasons).toEqual([]);
  replace(path, lost);
  const rotated = failedTurns(home, recordsOf("hermes"), early.ends);
  expect(failedTurns(home, recordsOf("hermes"), rotated.ends).reasons).toEqual([reason]);
});
