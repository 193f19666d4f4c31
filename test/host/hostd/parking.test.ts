import { describe, expect, test } from "vitest";
import type { Refusal } from "../../../src/model/limits.ts";
import { policyOf, SimulatedHost } from "./simulated.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Returns a host on which iris, loom and arc share an account, and solo has one of its own. */
function rig() {
  const host = new SimulatedHost(["arc", "iris", "loom", "solo"].map((name) => policyOf(name)));
  const shared = { "": "research" };
  host.rules = { accounts: { arc: shared, iris: shared, loom: shared }, budgets: [] };
  pass(host, MINUTE);
  return host;
}

/** Lets time pass. The deadman's clock advances by at most 5 seconds in one tick. */
function pass(host: SimulatedHost, seconds: number): void {
  const step = seconds > MINUTE ? 5 : 1;
  for (let passed = 0; passed < seconds; passed += step) host.pass(Math.min(step, seconds - passed));
}

function refuse(host: SimulatedHost, agent: string, kind: Refusal["kind"], seconds?: number): void {
  const at = host.wallClock();
  const refusal: Refusal = {
    ...{ kind, at, text: "the provider's words" },
    ...(seconds !== undefined && { until: at + seconds * 1000 }),
  };
  const name = kind === "rate" ? "rate" : "refusal";
  host.evidence[agent] = { ...host.evidence[agent], [name]: refusal };
}

function succeed(host: SimulatedHost, agent: string): void {
  host.evidence[agent] = { ...host.evidence[agent], success: host.wallClock() };
}

const running = (host: SimulatedHost) =>
  Object.entries(host.agents).flatMap(([name, { state }]) => (state === "up" ? [name] : []));

const reported = (host: SimulatedHost, ...kinds: string[]) =>
  host.events.filter(({ event }) => kinds.includes(event)).map(({ event, agent }) => `${agent} ${event}`);

describe("an account with a used-up window", () => {
  test("parks all of its agents, and starts them after the reset, one at a time", () => {
    const host = rig();
    refuse(host, "iris", "window", HOUR);
    pass(host, 2);
    expect(running(host)).toEqual(["solo"]);
    expect(host.parks["loom"]).toMatchObject({
      account: "research",
      kind: "window",
      until: "2026-12-01T13:01:00.000Z",
    });
    pass(host, HOUR - 3);
    expect(running(host)).toEqual(["solo"]);
    const starts: number[] = [];
    for (let seconds = 0; seconds < MINUTE; seconds += 1) {
      const before = running(host).length;
      host.pass(1);
      if (running(host).length > before) starts.push(host.now);
    }
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
    expect(starts).toHaveLength(3);
    for (const [i, at] of starts.slice(1).entries()) expect(at - (starts[i] ?? 0)).toBeGreaterThanOrEqual(10);
    expect(reported(host, "died", "restarted", "hung", "quarantined")).toEqual([]);
    expect(reported(host, "parked", "unparked")).toHaveLength(6);
  });

  test("parks the refused agent at once, and a busy agent when it is idle, after a minute at most", () => {
    const host = rig();
    host.busy.add("iris");
    host.busy.add("arc");
    refuse(host, "iris", "window", HOUR);
    pass(host, 5);
    expect(running(host)).toEqual(["arc", "solo"]);
    pass(host, 58);
    expect(running(host)).toEqual(["solo"]);
  });

  test("keeps its agents parked while the deadman restarts and the host reboots", () => {
    const host = rig();
    refuse(host, "iris", "window", HOUR);
    pass(host, 5);
    host.restartHostd();
    pass(host, MINUTE);
    expect(running(host)).toEqual(["solo"]);
  });

  test("keeps its agents parked if the deadman has lost its state", () => {
    const host = rig();
    refuse(host, "iris", "window", HOUR);
    pass(host, 5);
    host.memory = { ...host.memory, agents: {} };
    delete (host.memory as { limits?: unknown }).limits;
    host.evidence["iris"] = {};
    pass(host, MINUTE);
    expect(running(host)).toEqual(["solo"]);
    pass(host, HOUR);
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
  });

  test("does not park an agent whose runtime has got a response since then", () => {
    const host = rig();
    refuse(host, "iris", "window", HOUR);
    host.now += 1;
    succeed(host, "iris");
    pass(host, MINUTE);
    expect(reported(host, "parked")).toEqual([]);
  });

  test("does not start an agent that a person had stopped", () => {
    const host = rig();
    host.agent("loom").state = "down";
    pass(host, 2);
    refuse(host, "iris", "window", HOUR);
    pass(host, 5);
    expect(host.parks["loom"]?.wasStopped).toBe(true);
    pass(host, 2 * HOUR);
    expect(running(host)).toEqual(["arc", "iris", "solo"]);
    expect(host.parks).toEqual({});
  });
});

describe("an account without credit", () => {
  test("is tried by one agent every 15 minutes, until a provider responds to one of them", () => {
    const host = rig();
    refuse(host, "iris", "credit");
    pass(host, 14 * MINUTE);
    expect(running(host)).toEqual(["solo"]);
    pass(host, 2 * MINUTE);
    expect(running(host)).toEqual(["iris", "solo"]);
    refuse(host, "iris", "credit");
    pass(host, 14 * MINUTE);
    expect(running(host)).toEqual(["solo"]);
    pass(host, 2 * MINUTE);
    expect(running(host)).toEqual(["arc", "solo"]);
    succeed(host, "arc");
    pass(host, MINUTE);
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
    pass(host, HOUR);
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
  });

  test("parks nobody because of an old refusal", () => {
    const host = rig();
    refuse(host, "iris", "credit");
    host.now += HOUR;
    pass(host, MINUTE);
    expect(reported(host, "parked")).toEqual([]);
  });

  test("lets an agent run that a person has resumed, and starts the others when it works", () => {
    const host = rig();
    refuse(host, "iris", "credit");
    pass(host, 5);
    host.resume("loom");
    pass(host, 5 * MINUTE);
    expect(running(host)).toEqual(["loom", "solo"]);
    succeed(host, "loom");
    pass(host, MINUTE);
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
    pass(host, HOUR);
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
  });

  test("parks a resumed agent again after the next refusal", () => {
    const host = rig();
    refuse(host, "iris", "credit");
    pass(host, 5);
    host.resume("loom");
    pass(host, 5);
    refuse(host, "loom", "credit");
    pass(host, 5);
    expect(running(host)).toEqual(["solo"]);
  });
});

test("a rate limit is recorded once, and parks nobody", () => {
  const host = rig();
  for (let i = 0; i < 20; i += 1) {
    refuse(host, "iris", "rate");
    pass(host, 10);
  }
  expect(reported(host, "rate-limited", "parked")).toEqual(["iris rate-limited"]);
});

describe("an agent with a second provider", () => {
  const failover = { providers: ["one", "two"], restart: "now", deadline: 60, returnAfter: 60 } as const;

  function withTwo() {
    const host = new SimulatedHost([policyOf("iris", { failover }), policyOf("loom")]);
    host.rules = {
      accounts: { iris: { one: "research", two: "other" }, loom: { "": "research" } },
      budgets: [],
    };
    pass(host, MINUTE);
    return host;
  }

  test("changes to it if its account works, and returns after the reset", () => {
    const host = withTwo();
    refuse(host, "iris", "window", HOUR);
    pass(host, MINUTE);
    expect(host.agent("iris").runsOn).toBe("two");
    expect(running(host)).toEqual(["iris"]);
    expect(host.events.find(({ event }) => event === "failed-over")?.detail).toContain(
      "has used up its allowance",
    );
    pass(host, HOUR + MINUTE);
    expect(host.agent("iris").runsOn).toBe("one");
    expect(running(host)).toEqual(["iris", "loom"]);
  });

  test("is parked if both accounts are used up, until the first of them works", () => {
    const host = withTwo();
    refuse(host, "iris", "window", 2 * HOUR);
    pass(host, MINUTE);
    refuse(host, "iris", "window", HOUR);
    pass(host, MINUTE);
    expect(running(host)).toEqual([]);
    expect(reported(host, "stranded")).toEqual([]);
    pass(host, HOUR);
    expect(running(host)).toEqual(["iris"]);
    expect(host.agent("iris").runsOn).toBe("two");
  });
});

describe("a budget", () => {
  const spend = (host: SimulatedHost, input: number) => {
    const tokens = { input, output: 0, cacheRead: 0, cacheWrite: 0, requests: 1, cost: 0, uncosted: 1 };
    host.usage = [
      { agent: "iris", date: new Date(host.wallClock()).toISOString().slice(0, 10), model: "m", ...tokens },
    ];
  };

  function withBudget(onUsedUp: "report" | "pause-jobs" | "park") {
    const host = rig();
    const agents = ["iris", "solo"];
    host.rules = {
      ...host.rules,
      budgets: [{ name: "team", agents, per: "day", tokens: 1000, warn: 80, onUsedUp }],
    };
    return host;
  }

  test("is reported at its warning and when it is used up", () => {
    const host = withBudget("report");
    for (const tokens of [790, 800, 900, 1000, 2000]) {
      spend(host, tokens);
      pass(host, 5);
    }
    expect(host.events.filter(({ event }) => event === "budget").map(({ detail }) => detail)).toEqual([
      "80 % of the budget team of this day is used",
      "100 % of the budget team of this day is used",
    ]);
    expect(reported(host, "parked")).toEqual([]);
  });

  test("parks its agents until the period ends", () => {
    const host = withBudget("park");
    spend(host, 1000);
    pass(host, MINUTE);
    expect(running(host)).toEqual(["arc", "loom"]);
    expect(host.parks["solo"]).toMatchObject({ kind: "budget", until: "2026-12-02T00:00:00.000Z" });
    host.now += 11 * HOUR + 57 * MINUTE;
    pass(host, MINUTE / 2);
    expect(running(host)).toEqual(["arc", "loom"]);
    pass(host, 2 * MINUTE);
    expect(running(host)).toEqual(["arc", "iris", "loom", "solo"]);
  });

  test("does not park an agent again that a person has resumed", () => {
    const host = withBudget("park");
    spend(host, 1000);
    pass(host, MINUTE);
    host.resume("iris");
    spend(host, 5000);
    pass(host, HOUR);
    expect(running(host)).toEqual(["arc", "iris", "loom"]);
  });
});
