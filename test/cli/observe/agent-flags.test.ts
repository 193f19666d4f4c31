import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import type { AgentFacts } from "../../../src/cli/observe/agent-facts.ts";
import { AGENT_FLAGS, codesOfFlags, flagSentences, flagsOf } from "../../../src/cli/observe/agent-flags.ts";

/** An agent that runs as declared. */
const WELL: AgentFacts = {
  ...{ agent: "iris", tenant: "arc", host: "hub", runtime: "pi", lifecycle: "core", state: "running" },
  ...{ enabled: "enabled", pid: 7, restarts: 0, since: 75, status: "", process: "node" },
};

const SINCE = "2026-01-02T03:04:05Z";

test("an agent that runs as declared has no flags", () => {
  expect(flagsOf(WELL)).toEqual([]);
});

describe("an agent gets the flag", () => {
  test.each<[string, Partial<AgentFacts>, string, number[]]>([
    [
      "DRIFT",
      { process: "python3", otherProcess: true },
      "its pane runs python3, which is not a process of pi",
      [7],
    ],
    ["RUNTIME", { version: "1.0.0", pinned: "2.0.0" }, "runs version 1.0.0, but fleet.lock pins 2.0.0", [7]],
    ["BOOT-ENABLE", { enabled: "disabled" }, "does not start at boot", [7]],
    ["STALE", { state: "stale", silent: 50 }, "no sign of life for 50s", [5]],
    ["STUCK", { state: "stuck", task: "a review" }, "it is stuck: a review", [5]],
    ["BLOCKED", { blocked: "Do you trust this folder?" }, 'waits for a person: "Do you trust', [5]],
    ["LOGIN", { blocked: "Select login method:", login: true }, 'waits for a login: "Select login', [5]],
    ["DEAD", { state: "failed" }, "has failed", [5]],
    ["DEAD", { state: "stopped" }, "npx fleet start iris", [5]],
    ["DEAD", { state: "not there" }, "is not on hub", [5]],
    ["DEAD", { state: "starting", isRestarting: true }, "its program has ended", [5]],
    [
      "QUARANTINE",
      { state: "quarantined", quarantine: { since: SINCE, reason: "5 restarts" } },
      "5 restarts",
      [5],
    ],
    [
      "PARKED",
      {
        state: "parked",
        parked: {
          account: "a",
          kind: "window",
          since: SINCE,
          until: "2026-01-02T08:00:00.000Z",
          reason: "no more",
        },
      },
      `parked since ${SINCE}: no more. It starts after 2026-01-02T08:00:00.000Z`,
      [5],
    ],
    [
      "PARKED",
      { state: "parked", parked: { account: "a", kind: "credit", since: SINCE, reason: "no credit" } },
      "It is tried again every 15 minutes",
      [5],
    ],
    [
      "EXPIRES",
      { expiring: [{ credential: "iris-key", on: "2001-01-31" }] },
      "iris: its credential iris-key has expired on 2001-01-31.",
      [5],
    ],
    [
      "RECURRING",
      { recurring: [{ id: "3f2a91bc", item: "identity:SOUL.md", property: "content", repairs: 3 }] },
      "the same repairs recur: SOUL.md content (3 times, 3f2a91bc)",
      [5],
    ],
    [
      "HANDOFF",
      { handoffs: { waiting: 2, since: SINCE, error: "loom is not on this host" } },
      "2 tasks or messages that could not be delivered since 2026-01-02T03:04:05Z: loom is not on this host",
      [5],
    ],
    [
      "LOGIN",
      { expiredLogins: [{ credential: "iris-login", since: SINCE }] },
      "its login iris-login has expired at 2026-01-02T03:04:05Z",
      [5],
    ],
    [
      "ROTATED",
      { formerKeys: [{ credential: "iris-key", since: SINCE }] },
      "iris still uses the former value of iris-key, replaced at 2026-01-02T03:04:05Z",
      [],
    ],
    ["WAITING", { isWaiting: true, state: "starting" }, "iris waits for its turn to start on hub", []],
    ["FAILOVER", { failedOver: { provider: "spare", since: SINCE } }, "has used provider spare", []],
    ["WAITING", { owed: { restart: "never", within: 0, since: SINCE } }, "npx fleet restart iris", []],
    [
      "WAITING",
      { owed: { restart: "when-idle", within: 60, since: SINCE, by: "al@x" } },
      "al@x has requested it",
      [],
    ],
    ["WAITING", { pausing: { within: 60, since: SINCE, by: "al@x" } }, "iris is paused when it is idle", []],
    ["IDENTITY-OLD", { identityOld: "fresh" }, "begins a new conversation with the current identity", []],
    ["IDENTITY-OLD", { identityOld: "resume" }, "continues the conversation with the current identity", []],
    [
      "IDENTITY-OLD",
      { runtime: "hermes", identityOld: "resume" },
      "only a new conversation has the current identity",
      [],
    ],
    [
      "KEYBOARD",
      { keyboard: { by: "al@x", from: "192.0.2.7", since: SINCE } },
      `al@x from 192.0.2.7 has controlled its terminal since ${SINCE}`,
      [],
    ],
    ["UNMANAGED", { unmanaged: ["tmux work"] }, "undeclared programs run as its user: tmux work", []],
    ["UNREACHABLE", { state: "away" }, "hub is unreachable", []],
  ])("%s", (flag, parts, sentence, codes) => {
    const facts = { ...WELL, ...parts };
    const flags = flagsOf(facts);
    expect(flags).toEqual([flag]);
    expect(flagSentences({ ...facts, flags }).join()).toContain(sentence);
    expect(codesOfFlags(flags)).toEqual(codes);
  });

  test("DEAD if the agent's pane runs no program, but not while the agent starts or before Muster takes over the agent", () => {
    const { process: _, ...empty } = WELL;
    expect(flagsOf(empty)).toEqual(["DEAD"]);
    expect(flagsOf({ ...empty, since: 2 })).toEqual([]);
    expect(flagsOf({ ...empty, former: "old.service" })).toEqual([]);
  });

  test("BOOT-ENABLE and the flag DRIFT, like the canary of the seed fleet", () => {
    const canary = { ...WELL, enabled: "disabled", process: "python3", otherProcess: true } as const;
    expect(flagsOf(canary)).toEqual(["DRIFT", "BOOT-ENABLE"]);
  });
});

test.each<[string, Partial<AgentFacts>]>([
  ["a paused agent", { state: "paused", paused: "al@x", pausedSince: SINCE }],
  ["an agent that runs only on demand", { state: "stopped", lifecycle: "ephemeral", enabled: "disabled" }],
  ["an agent of a host on which nothing is installed", { state: "not there", isHostEmpty: true }],
  [
    "an agent that runs an earlier version until it is idle",
    { version: "1", pinned: "2", owed: { restart: "when-idle", within: 9, since: SINCE } },
  ],
])("%s does not get the flags DEAD, RUNTIME and BOOT-ENABLE", (_, parts) => {
  expect(flagsOf({ ...WELL, ...parts }).filter((flag) => flag !== "WAITING")).toEqual([]);
});

test("the docs explain every flag", () => {
  const text = readFileSync(join(packageRoot(), "docs/observing.md"), "utf8");
  expect(Object.keys(AGENT_FLAGS).filter((flag) => !text.includes(`| ${flag} |`))).toEqual([]);
});
