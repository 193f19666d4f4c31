import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type Evidence, NEW_STATE, type UsageState } from "../../../src/host/usage/agent-usage-state.ts";
import { collectUsage, type NewUsage } from "../../../src/host/usage/collect-usage.ts";
import { readDatabases } from "../../../src/host/usage/databases.ts";
import { makeWorld } from "../world.ts";
import {
  claudeFailure,
  claudeLine,
  claudeRetry,
  codexFailure,
  codexLines,
  hermesLog,
  oldCodexLines,
  piFailure,
  piLine,
} from "./record-lines.ts";

const NOW = Date.parse("2026-12-01T12:00:00Z");
const AT = "2026-12-01T11:00:00.000Z";
const SOON = "2026-12-01T11:00:09.000Z";
const LATER = "2026-12-01T11:30:00.000Z";

const CLAUDE = ".claude/projects/-home-iris/one.jsonl";
const CODEX = ".codex/sessions/2026/12/01/rollout-one.jsonl";
const PI = ".pi/agent/sessions/--home-iris--/one.jsonl";
const HERMES_LOG = ".hermes/logs/errors.log";

let home = "";
let state: UsageState = NEW_STATE;
let evidence: Evidence = {};

beforeEach(() => {
  home = makeWorld().home();
  state = NEW_STATE;
  evidence = {};
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  appendFileSync(join(home, path), text);
}

/** Reads the records, and returns the new usage. The next call continues after this one. */
function read(now = NOW): readonly NewUsage[] {
  const collected = collectUsage(home, state, evidence, readDatabases, now);
  // The state is saved as JSON between two runs.
  state = JSON.parse(JSON.stringify(collected.state)) as UsageState;
  evidence = collected.evidence;
  return collected.usage;
}

function sum(usage: readonly NewUsage[]) {
  const of = (key: "requests" | "input" | "output" | "cacheRead" | "cacheWrite" | "cost" | "uncosted") =>
    usage.reduce((total, one) => total + one[key], 0);
  return [
    of("requests"),
    of("input"),
    of("output"),
    of("cacheRead"),
    of("cacheWrite"),
    of("cost"),
    of("uncosted"),
  ];
}

describe("the usage is read from the record of", () => {
  test("Claude Code, with one response for several lines", () => {
    write(CLAUDE, claudeLine("msg_1", 1, AT) + claudeLine("msg_1", 40, AT) + claudeLine("msg_2", 5, AT));
    write(".claude/projects/-home-iris/one/subagents/agent-a.jsonl", claudeLine("msg_3", 3, AT));
    const usage = read();
    expect(sum(usage)).toEqual([3, 30, 48, 300, 21, 0, 3]);
    expect(new Set(usage.map(({ model }) => model))).toEqual(new Set(["claude-sonnet-4-5"]));
  });

  test("Codex, in which the input contains cached tokens", () => {
    write(CODEX, codexLines("resp_1", 115, AT) + codexLines("resp_2", 230, AT));
    const usage = read();
    expect(sum(usage)).toEqual([2, 20, 10, 200, 0, 0, 2]);
    expect(usage[0]?.model).toBe("gpt-5.1-codex");
  });

  test("a version of Codex that records only totals, and repeats them", () => {
    write(CODEX, oldCodexLines(115, AT) + oldCodexLines(115, AT) + oldCodexLines(230, AT));
    expect(sum(read())).toEqual([2, 20, 10, 200, 0, 0, 2]);
  });

  test("pi, with its cost; a cost of 0 is unknown", () => {
    write(PI, piLine("a1", 0.25, AT) + piLine("a2", 0, AT));
    expect(sum(read())).toEqual([2, 20, 10, 2, 4, 0.25, 1]);
  });

  test("Hermes, whose numbers grow with each response of a session", () => {
    const path = join(home, ".hermes/state.db");
    mkdirSync(dirname(path));
    sqlite(path, HERMES_TABLE);
    sqlite(path, hermesRow(1, 10, Date.parse(AT)));
    expect(sum(read())).toEqual([1, 10, 5, 0, 0, 0.5, 0]);
    expect(read()).toEqual([]);
    sqlite(path, hermesRow(3, 40, Date.parse(LATER)));
    expect(sum(read())).toEqual([2, 30, 0, 0, 0, 0, 2]);
    expect(evidence.success).toBe(Date.parse(LATER));
  });

  test("OpenClaw, whose database has lines in the format of pi", () => {
    const path = join(home, ".openclaw/agents/main/agent/openclaw-agent.sqlite");
    mkdirSync(dirname(path), { recursive: true });
    sqlite(
      path,
      "CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT, created_at INTEGER)",
    );
    const insert = (line: string, at: string) =>
      sqlite(path, `INSERT INTO transcript_events VALUES ('s', 1, '${line.trim()}', ${Date.parse(at)})`);
    insert(piLine("a1", 0, AT), AT);
    expect(sum(read())).toEqual([1, 10, 5, 1, 2, 0, 1]);
    insert(piFailure("400: Your credit balance is too low to access the Anthropic API.", LATER), LATER);
    expect(read()).toEqual([]);
    expect(evidence.refusal).toMatchObject({ kind: "credit", at: Date.parse(LATER) });
  });
});

const HERMES_TABLE = `CREATE TABLE session_model_usage (session_id TEXT, model TEXT, billing_provider TEXT, task TEXT,
  api_call_count INTEGER, input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER,
  cache_write_tokens INTEGER, estimated_cost_usd REAL, actual_cost_usd REAL, last_seen REAL)`;

function hermesRow(calls: number, input: number, at: number): string {
  return `DELETE FROM session_model_usage; INSERT INTO session_model_usage VALUES
    ('s1', 'deepseek-chat', 'deepseek', '', ${calls}, ${input}, 5, 0, 0, 0.5, 0, ${at / 1000})`;
}

function sqlite(path: string, sql: string): void {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

describe("a response is counted once", () => {
  test("if the record is read again, and if its last line was not complete at first", () => {
    const line = claudeLine("msg_1", 5, AT);
    write(CLAUDE, line.slice(0, 100));
    expect(read()).toEqual([]);
    write(CLAUDE, line.slice(100));
    expect(sum(read())[0]).toBe(1);
    expect(read()).toEqual([]);
  });

  test("if a line of the response is written after the others were read", () => {
    write(CLAUDE, claudeLine("msg_1", 1, AT));
    expect(sum(read()).slice(0, 3)).toEqual([1, 10, 1]);
    write(CLAUDE, claudeLine("msg_1", 40, AT));
    expect(sum(read()).slice(0, 3)).toEqual([0, 0, 39]);
  });

  test("if a forked conversation repeats it in another file, even long after it was forgotten", () => {
    write(CLAUDE, claudeLine("msg_0", 5, "2026-11-01T00:00:00Z"));
    for (let i = 1; i <= 1200; i += 1)
      write(CLAUDE, claudeLine(`msg_${i}`, 5, new Date(NOW - 5e6 + i).toISOString()));
    expect(sum(read())[0]).toBe(1201);
    expect(Object.keys(state.responses)).toHaveLength(1000);
    const fork = CLAUDE.replace("one", "fork");
    write(
      fork,
      claudeLine("msg_0", 5, "2026-11-01T00:00:00Z", "6c68") + claudeLine("msg_1200", 5, AT, "6c68"),
    );
    write(fork, claudeLine("msg_new", 5, LATER, "6c68"));
    expect(sum(read())[0]).toBe(1);
  });

  test("if the file is replaced by a copy", () => {
    write(CLAUDE, claudeLine("msg_1", 5, AT));
    read();
    rmSync(join(home, CLAUDE));
    write(CLAUDE, claudeLine("msg_1", 5, AT) + claudeLine("msg_2", 5, AT));
    expect(sum(read())[0]).toBe(1);
  });
});

describe("a refusal is recognized in the record of", () => {
  const reset = Date.parse("2026-12-01T15:26:00Z");

  test.each([
    [
      "Claude Code with a used-up window",
      CLAUDE,
      claudeFailure(
        "You've hit your 5-hour limit · resets 3:26pm (UTC)",
        {
          ...{ apiError: "usage_limit_reached", error: "rate_limit", apiErrorStatus: 429 },
          quotaLimits: { status: "rejected", resetsAt: reset / 1000, rateLimitType: "five_hour" },
        },
        AT,
      ),
      { kind: "window", until: reset, text: "You've hit your 5-hour limit · resets 3:26pm (UTC)" },
    ],
    [
      "Claude Code with the time only in its words",
      CLAUDE,
      claudeFailure(
        "You've hit your session limit · resets 4:26pm (Europe/Berlin)",
        { apiErrorStatus: 429 },
        AT,
      ),
      { kind: "window", until: reset },
    ],
    [
      "an old version of Claude Code",
      CLAUDE,
      claudeFailure(`Claude AI usage limit reached|${reset / 1000}`, {}, AT),
      { kind: "window", until: reset },
    ],
    [
      "Claude Code without credit",
      CLAUDE,
      claudeFailure("Credit balance is too low", { error: "billing_error", apiErrorStatus: 400 }, AT),
      { kind: "credit" },
    ],
    [
      "Claude Code with status 402",
      CLAUDE,
      claudeFailure("API Error: 402 Insufficient credits", { error: "unknown", apiErrorStatus: 402 }, AT),
      { kind: "credit" },
    ],
    [
      "Claude Code with a limit of the organization until a date",
      CLAUDE,
      claudeFailure(
        "API Error: You have reached your specified API usage limits. You will regain access on 2027-01-01 at 00:00 UTC.",
        { apiErrorStatus: 400 },
        AT,
      ),
      { kind: "window", until: Date.parse("2027-01-01T00:00:00Z") },
    ],
    [
      "Codex with a used-up window",
      CODEX,
      codexFailure(
        "You’ve hit your usage limit. Upgrade to Pro, visit https://chatgpt.com/settings/usage to purchase more credits or try again at Dec 3rd, 2026 3:28 AM.",
        "usage_limit_exceeded",
        AT,
      ),
      { kind: "window", until: new Date(2026, 11, 3, 3, 28).getTime() },
    ],
    [
      "Codex without credit",
      CODEX,
      codexFailure("Quota exceeded. Check your plan and billing details.", "usage_limit_exceeded", AT),
      { kind: "credit" },
    ],
    [
      "Codex with status 402",
      CODEX,
      codexFailure(
        "unexpected status 402 Payment Required",
        { http_connection_failed: { http_status_code: 402 } },
        AT,
      ),
      { kind: "credit" },
    ],
    [
      "pi with a used-up window",
      PI,
      piFailure(`429 {"error":{"type":"usage_limit_reached","resets_at":${reset / 1000}}}`, AT),
      { kind: "window", until: reset },
    ],
    [
      "pi without credit",
      PI,
      piFailure('402 {"type":"error","error":{"type":"billing_error","message":"Insufficient credits"}}', AT),
      { kind: "credit" },
    ],
    [
      "Hermes with a used-up window, although the last line does not contain the time",
      HERMES_LOG,
      hermesLog(
        `Retrying API call in 5.5s (attempt 2/3) error=Error code: 429 - {'error': {'type': 'usage_limit_reached', 'resets_at': ${reset / 1000}}}`,
        AT,
      ) + hermesLog("API call failed (attempt 3/3) summary=HTTP 429: The usage limit has been reached", SOON),
      { kind: "window", until: reset },
    ],
    [
      "Hermes without credit",
      HERMES_LOG,
      hermesLog(
        "Non-retryable client error: Error code: 402 - {'error': {'message': 'Insufficient credits'}}",
        AT,
      ),
      { kind: "credit" },
    ],
  ])("%s", (_, path, lines, refusal) => {
    write(path, lines);
    read();
    expect(evidence.refusal).toMatchObject(refusal);
    expect(evidence.refusal && "until" in evidence.refusal).toBe("until" in refusal);
    expect(evidence.rate).toBeUndefined();
  });

  test.each([
    [
      "Claude Code",
      CLAUDE,
      claudeFailure("API Error: Request rejected (429) · too many", { apiErrorStatus: 429 }, AT),
    ],
    ["Claude Code while it repeats the request", CLAUDE, claudeRetry(429, "50 requests per minute", AT)],
    [
      "Claude Code with a limit of the server",
      CLAUDE,
      claudeFailure(
        "API Error: Server is temporarily limiting requests (not your usage limit)",
        { apiErrorStatus: 429 },
        AT,
      ),
    ],
    [
      "Codex",
      CODEX,
      codexFailure(
        "exceeded retry limit, last status: 429 Too Many Requests",
        { response_too_many_failed_attempts: { http_status_code: 429 } },
        AT,
      ),
    ],
    ["pi", PI, piFailure('429 {"error":{"message":"Rate limit reached. Please try again in 1.2s."}}', AT)],
    [
      "pi with a quota for a minute",
      PI,
      piFailure("429 You exceeded your current quota. Please retry in 33.5s.", AT),
    ],
  ])("%s as a rate limit", (_, path, lines) => {
    write(path, lines);
    read();
    expect(evidence.rate).toMatchObject({ kind: "rate", at: Date.parse(AT) });
    expect(evidence.refusal).toBeUndefined();
  });

  test.each([
    [
      "Claude Code",
      CLAUDE,
      claudeFailure("API Error: 529 Overloaded.", { error: "server_error", apiErrorStatus: 529 }, AT),
    ],
    [
      "pi",
      PI,
      piFailure('529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', AT),
    ],
    ["Claude Code about its login", CLAUDE, claudeFailure("Please run /login", { apiErrorStatus: 401 }, AT)],
  ])("%s is none if the provider is overloaded or refuses the login", (_, path, lines) => {
    write(path, lines);
    read();
    expect(evidence).toEqual({});
  });
});

describe("a hostile record", () => {
  test("with a huge line, wrong types and impossible numbers harms nothing", () => {
    write(CLAUDE, `${"x".repeat(3_000_000)}"usage"\n`);
    write(CLAUDE, `{"type":"assistant","usage":${"[".repeat(200_000)}\n`);
    write(CLAUDE, '{"type":"assistant","timestamp":{},"message":[],"usage":1}\n[]\nnull\n"usage"\n');
    write(
      CLAUDE,
      claudeLine("msg_big", 1e300, AT) + claudeLine("msg_minus", -5, AT) + claudeLine("msg_1", 5, AT),
    );
    expect(sum(read()).slice(0, 3)).toEqual([3, 30, 5]);
  });

  test("with a time in the future counts today", () => {
    write(CLAUDE, claudeLine("msg_1", 5, "2099-01-01T00:00:00Z"));
    expect(read().map(({ at }) => at)).toEqual([NOW]);
    write(
      CLAUDE,
      claudeFailure("Credit balance is too low", { apiErrorStatus: 400 }, "2099-01-01T00:00:00Z"),
    );
    read();
    expect(evidence.refusal).toBeUndefined();
  });

  test("with a limit that ends in years has no known end", () => {
    const more = { apiErrorStatus: 429, quotaLimits: { resetsAt: NOW / 1000 + 9e8 } };
    write(CLAUDE, claudeFailure("You've hit your weekly limit", more, AT));
    read();
    expect(evidence.refusal).toMatchObject({ kind: "window" });
    expect(evidence.refusal?.until).toBeUndefined();
  });

  test("that is a link, a FIFO or a folder is not read", () => {
    const outside = join(dirname(home), "secret.jsonl");
    writeFileSync(outside, claudeLine("msg_1", 5, AT));
    mkdirSync(join(home, ".claude/projects/p"), { recursive: true });
    symlinkSync(outside, join(home, ".claude/projects/p/link.jsonl"));
    symlinkSync(dirname(home), join(home, ".claude/projects/up"));
    execFileSync("mkfifo", [join(home, ".claude/projects/p/fifo.jsonl")]);
    mkdirSync(join(home, ".claude/projects/p/folder.jsonl"));
    mkdirSync(join(home, ".hermes"));
    execFileSync("mkfifo", [join(home, ".hermes/state.db")]);
    expect(read()).toEqual([]);
  });

  test("that is not a database has no rows", () => {
    write(".hermes/state.db", "this is not a database");
    expect(read()).toEqual([]);
  });

  test("of any size is read in parts", () => {
    const line = claudeLine("msg_1", 5, AT);
    const filler = `${"y".repeat(1000)}\n`.repeat(1000);
    for (let i = 0; i < 40; i += 1) write(CLAUDE, filler);
    write(CLAUDE, line);
    onTestFinished(() => rmSync(join(home, CLAUDE)));
    expect(read()).toEqual([]);
    expect(sum(read())[0]).toBe(1);
  });
});
