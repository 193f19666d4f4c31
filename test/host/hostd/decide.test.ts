import { describe, expect, test } from "vitest";
import { buildView } from "../../../src/host/hostd/build-published-view.ts";
import { decide } from "../../../src/host/hostd/decide.ts";
import type { AgentSnapshot } from "../../../src/host/hostd/decision-step.ts";
import { newAgent } from "../../../src/host/hostd/saved-memory.ts";
import { policyOf, SimulatedHost } from "./simulated.ts";

const IRIS = policyOf("iris");

function hostOf(...policies: readonly ReturnType<typeof policyOf>[]): SimulatedHost {
  const host = new SimulatedHost(policies);
  pass(host, 60);
  return host;
}

function pass(host: SimulatedHost, seconds: number, each = 1): void {
  for (let passed = 0; passed < seconds; passed += each) host.pass(each);
}

const eventNames = (host: SimulatedHost) =>
  host.events.flatMap(({ event, agent }) => (agent === undefined ? [] : [event]));

describe("an agent that has left its terminal", () => {
  test("is killed once and reported, and is then restarted by systemd, but is not killed during a hold", () => {
    const unit = { state: "up", run: "1", restarts: 0, result: "success", isStray: true } as const;
    const seen: AgentSnapshot = {
      ...{ policy: IRIS, unit, age: 5, reading: {}, isQuarantined: false, held: "", isFresh: true },
    };
    const known = { ...newAgent(0), run: "1" };
    expect(decide(known, { ...seen, held: "held" }, 10).actions).toEqual([]);
    expect(decide(known, { ...seen, isFresh: false }, 10).needsRefresh).toBe(true);
    const { actions, events, memory } = decide(known, seen, 10);
    expect(actions).toMatchObject([{ act: "kill", agent: "iris" }]);
    expect(events).toMatchObject([{ event: "died", detail: expect.stringContaining("left its terminal") }]);
    expect(decide(memory, seen, 11)).toMatchObject({ actions: [], events: [] });
  });
});

describe("an agent at a dialog", () => {
  test("is reported when the dialog waits for a person and when it is closed, and keeps running", () => {
    const unit = { state: "up", run: "1", restarts: 0, result: "success" } as const;
    const seen: AgentSnapshot = {
      ...{ policy: IRIS, unit, age: 500, reading: { mark: "1", state: "idle" } },
      ...{ isQuarantined: false, held: "", isFresh: true },
    };
    const open = decide({ ...newAgent(0), run: "1" }, { ...seen, question: "Do you trust it?" }, 10);
    expect(open.events).toEqual([{ event: "blocked", agent: "iris", detail: "Do you trust it?" }]);
    const still = decide(open.memory, { ...seen, question: "Do you trust it?" }, 11);
    const closed = decide(still.memory, seen, 12);
    expect([still.events, closed.events]).toEqual([[], [{ event: "unblocked", agent: "iris" }]]);
    expect([open, still, closed].flatMap(({ actions }) => actions)).toEqual([]);
    const ended = { ...seen, unit: { ...unit, state: "ended" } as const };
    expect(decide(open.memory, ended, 12).events.map(({ event }) => event)).toEqual(["died"]);
  });
});

describe("the conversation of an agent", () => {
  type Seen = readonly [run: string, conversation: NonNullable<AgentSnapshot["conversation"]>];
  const ID = "01a22d58-71dc-7690-a79f-d6f17df8498b";
  const OTHER = "f1a22d58-71dc-7690-a79f-d6f17df8498b";

  /** Decides about runs of iris in turn. @returns the details of the reported events, and the last state */
  const decideAll = (...seen: readonly Seen[]) =>
    seen.reduce(
      ({ details, memory }, [run, conversation]) => {
        const unit = { state: "up", run, restarts: 0, result: "success" } as const;
        const judged = decide(
          memory,
          {
            ...{ policy: IRIS, unit, age: 5, reading: {}, isQuarantined: false, held: "", isFresh: true },
            conversation,
          },
          10,
        );
        const reported = judged.events.filter(({ event }) => event === "new-conversation");
        return {
          details: [...details, ...reported.map(({ detail }) => detail)],
          memory: judged.memory,
        };
      },
      { details: [] as (string | undefined)[], memory: newAgent(0) },
    );

  test("is reported if it is lost, but only once for each run and each conversation", () => {
    const lost = { start: { how: "lost", id: ID } } as const;
    const runs = decideAll(["1", lost], ["1", lost], ["2", lost]);
    expect(runs.details).toEqual([`its home contains no record of its former conversation ${ID}`]);
    const other = { start: { how: "lost", id: OTHER } } as const;
    const resumed = { start: { how: "resumed", id: ID } } as const;
    expect(decideAll(["1", lost], ["2", other], ["3", resumed], ["4", lost]).details).toHaveLength(3);
  });

  test("is reported if the home has become empty, but not at the agent's first start", () => {
    const fresh = { start: { how: "new" } } as const;
    expect(decideAll(["1", fresh]).details).toEqual([]);
    expect(decideAll(["1", fresh], ["2", fresh]).details).toEqual([
      "its home contains no record of its former conversation",
    ]);
  });

  test("is reported if another process has it, or if the identity has changed", () => {
    expect(
      decideAll(["1", { start: { how: "busy", id: ID } }], ["2", { start: { how: "identity" } }]).details,
    ).toEqual([
      `another process has its former conversation ${ID}`,
      "its identity has changed, so it does not continue its former conversation",
    ]);
  });

  test("keeps the identity with which it began", () => {
    const identityAfter = (...seen: readonly Seen[]) => decideAll(...seen).memory.conversation?.identity;
    expect(identityAfter(["1", { identity: "a" }], ["1", { identity: "b" }])).toBe("a");
    expect(identityAfter(["1", {}], ["1", { identity: "b" }])).toBe("b");
    expect(identityAfter(["1", { identity: "a" }], ["2", { identity: "b" }])).toBe("b");
    const resumed = { start: { how: "resumed", identity: "a" }, identity: "b" } as const;
    expect(identityAfter(["1", { identity: "b" }], ["1", resumed])).toBe("a");
  });
});

describe("an agent that died", () => {
  test("is reported as restarted by systemd, even if the restart counter changes before the new run appears", () => {
    const unit = { state: "ended", run: "1", restarts: 0, result: "signal" } as const;
    const seen = (state: Partial<AgentSnapshot["unit"]>): AgentSnapshot => ({
      ...{ policy: IRIS, unit: { ...unit, ...state }, age: 5, reading: {} },
      ...{ isQuarantined: false, held: "", isFresh: true },
    });
    const snapshots = [
      seen({}),
      seen({ restarts: 1 }),
      seen({ state: "up", run: "2", restarts: 1 }),
      seen({ state: "up", run: "3", restarts: 0 }),
    ];
    const { events, memory } = snapshots.reduce(
      ({ events, memory }, snapshot) => {
        const judged = decide(memory, snapshot, 10);
        return { events: [...events, ...judged.events.map(({ event }) => event)], memory: judged.memory };
      },
      {
        events: [] as string[],
        memory: { ...newAgent(0), run: "1", countedAtRun: 0 } as ReturnType<typeof newAgent>,
      },
    );
    expect(events).toEqual(["died", "restarted", "started"]);
    expect(memory.restarts).toHaveLength(1);
  });
});

describe("an agent that sends heartbeats", () => {
  test("is neither stopped nor reported", () => {
    const host = hostOf(IRIS);
    pass(host, 4000);
    expect(host.kills).toEqual([]);
    expect(eventNames(host)).toEqual([]);
  });

  test("is stopped after its timeout if it hangs, and then restarts", () => {
    const host = hostOf(policyOf("iris", { heartbeat: { by: "file", interval: 5, timeout: 20 } }));
    host.hang("iris");
    const at = host.now;
    while (host.kills.length === 0) host.pass(1);
    expect(host.now - at).toBeLessThanOrEqual(21);
    pass(host, 60);
    expect(eventNames(host)).toEqual(["stale", "hung", "restarted"]);
    expect(host.agent("iris").state).toBe("up");
  });

  test("is stopped again if it still hangs after a restart", () => {
    const host = hostOf(IRIS);
    host.hang("iris");
    while (host.kills.length === 0) host.pass(1);
    Object.assign(host.agent("iris"), { state: "up", hangs: true });
    pass(host, 60);
    expect(host.kills.length).toBe(2);
  });

  test("is stopped if it hangs, even if the deadman is killed repeatedly in the meantime", () => {
    const host = hostOf(IRIS);
    host.hang("iris");
    for (let i = 0; i < 6; i += 1) {
      pass(host, 10);
      host.restartHostd();
    }
    expect(host.kills).toEqual([{ agent: "iris", hung: true }]);
  });

  test("is reported once as dead and once as restarted if it crashes", () => {
    const host = hostOf(IRIS);
    host.crash("iris");
    pass(host, 30);
    expect(eventNames(host)).toEqual(["died", "restarted"]);
  });
});

describe("an agent whose last heartbeat reported `idle`", () => {
  const policy = policyOf("iris", { heartbeat: { by: "file", interval: 10, timeout: 40 } });
  const unit = { state: "up", run: "1", restarts: 0, result: "success" } as const;

  /** Lets an agent send heartbeats, `[second, state]`, and then observes it every second until `until`. */
  function observed(
    heartbeats: readonly (readonly [at: number, state: "idle" | "busy"])[],
    until: number,
    heartbeat: Partial<typeof policy.heartbeat> = {},
  ) {
    const own = { ...policy, heartbeat: { ...policy.heartbeat, ...heartbeat } };
    let memory = { ...newAgent(0), run: "1" };
    const events: string[] = [];
    for (let clock = 1; clock <= until; clock += 1) {
      const [at, state] = heartbeats.findLast(([second]) => second <= clock) ?? [];
      const reading = at === undefined ? {} : { mark: `${at}`, ...(state && { state }) };
      const seen = {
        policy: own,
        unit,
        age: clock,
        reading,
        isQuarantined: false,
        held: "",
        isFresh: true,
      };
      const decision = decide(memory, seen, clock);
      memory = decision.memory;
      events.push(...decision.events.map(({ event }) => event));
    }
    return { events, memory };
  }

  const TIMER = [1, 11, 21, 31, 41].map((at) => [at, "idle"] as const);

  test("counts as neither stale nor hung if it sends heartbeats only on events", () => {
    expect(
      observed(
        [
          [1, "busy"],
          [3, "idle"],
        ],
        5000,
      ).events,
    ).toEqual([]);
    expect(
      observed(
        [
          [1, "idle"],
          [61, "idle"],
        ],
        5000,
      ).events,
    ).toEqual([]);
  });

  test("counts as hung when heartbeats stop, if the agent sent heartbeats regularly while idle", () => {
    expect(observed(TIMER, 60).events).toEqual([]);
    expect(observed(TIMER, 81).events).toEqual(["stale", "hung"]);
  });

  test("counts as hung if it later reports `busy` and then sends nothing more", () => {
    expect(
      observed(
        [
          [1, "idle"],
          [1000, "busy"],
        ],
        1029,
      ).events,
    ).toEqual([]);
    expect(
      observed(
        [
          [1, "idle"],
          [1000, "busy"],
        ],
        1040,
      ).events,
    ).toEqual(["stale", "hung"]);
  });

  test("is judged by `sent` instead of its earlier heartbeats, if fleet.yaml declares `sent`", () => {
    expect(observed(TIMER, 5000, { sent: "events" }).events).toEqual([]);
    expect(observed([[1, "idle"]], 41, { sent: "timer" }).events).toEqual(["stale", "hung"]);
  });
});

describe("five restarts within an hour", () => {
  const crashing = () => {
    const host = hostOf(IRIS);
    host.agent("iris").crashesAfter = 10;
    host.crash("iris");
    pass(host, 120);
    return host;
  };

  test("quarantine the agent, and the deadman stops the agent again if somebody starts the agent", () => {
    const host = crashing();
    expect(eventNames(host).filter((event) => event === "restarted")).toHaveLength(5);
    expect(eventNames(host).at(-1)).toBe("quarantined");
    expect(host.agent("iris").state).toBe("down");
    host.agent("iris").state = "up";
    host.agent("iris").run += 1;
    host.pass(1);
    expect(host.agent("iris").state).toBe("down");
  });

  test("count even if the deadman is killed after each restart", () => {
    const host = hostOf(IRIS);
    for (let i = 0; i < 5; i += 1) {
      expect(host.quarantined.size).toBe(0);
      host.crash("iris");
      pass(host, 20);
      host.restartHostd();
    }
    host.pass(1);
    expect(host.quarantined).toEqual(new Set([IRIS.unit]));
    host.reboot(60);
    pass(host, 60);
    expect(host.agent("iris").state).toBe("down");
  });

  test("count across a reboot, which resets systemd's own counter", () => {
    const host = hostOf(IRIS);
    for (let i = 0; i < 5; i += 1) {
      host.crash("iris");
      pass(host, 20);
      if (i === 2) host.reboot(30);
    }
    expect(host.quarantined.size).toBe(1);
  });

  test("are required for a quarantine, so restarts that are hours apart have no effect", () => {
    const host = hostOf(IRIS);
    for (let i = 0; i < 20; i += 1) {
      host.crash("iris");
      pass(host, 1000, 5);
    }
    expect(host.quarantined.size).toBe(0);
  });

  test("are counted from zero after the agent has been released from quarantine", () => {
    const host = crashing();
    host.agent("iris").crashesAfter = 0;
    host.release("iris");
    pass(host, 30);
    for (let i = 0; i < 4; i += 1) {
      host.crash("iris");
      pass(host, 20);
    }
    expect(host.agent("iris").state).toBe("up");
    host.crash("iris");
    pass(host, 20);
    expect(host.agent("iris").state).toBe("down");
  });
});

describe("time in which the deadman observed nothing", () => {
  test.each([60, 3600, 86_400])("does not count as silence of an agent, even if it lasts %i s", (seconds) => {
    const host = hostOf(IRIS, policyOf("loom"));
    for (let i = 0; i < 20; i += 1) {
      host.stall(seconds);
      pass(host, 30);
    }
    expect(host.kills).toEqual([]);
    expect(eventNames(host)).toEqual([]);
  });

  test("includes time in which a heartbeat cannot be read", () => {
    const seen = seenOf({ reading: { unknown: "too many open files" } });
    const silent = { ...newAgent(0), run: "1", mark: "a" };
    expect(decide(silent, seen, 1000)).toMatchObject({ actions: [], events: [] });
  });
});

describe("a held agent", () => {
  test("is neither stopped nor quarantined, and its crashes do not count afterwards", () => {
    const host = hostOf(IRIS);
    host.held = "held by /var/lib/muster/hostd/hold";
    host.hang("iris");
    pass(host, 400);
    for (let i = 0; i < 9; i += 1) {
      host.crash("iris");
      pass(host, 20);
    }
    host.held = "";
    pass(host, 40);
    expect(host.kills).toEqual([]);
    expect(host.quarantined.size).toBe(0);
    expect(eventNames(host)).toContain("held");
    expect(eventNames(host).at(-1)).toBe("hold-ended");
  });
});

describe("a heartbeat", () => {
  test("is reported once if it is invalid, and its agent is stopped like an agent that hangs", () => {
    const problem = "it is a symlink";
    let memory = { ...newAgent(0), run: "1" };
    const events: string[] = [];
    let kills = 0;
    for (let clock = 1; clock <= 46; clock += 1) {
      const turn = decide(memory, seenOf({ reading: { problem } }), clock);
      memory = turn.memory;
      events.push(...turn.events.map(({ event }) => event));
      kills += turn.actions.length;
    }
    expect(events).toEqual(["bad-heartbeat", "hung"]);
    expect(kills).toBe(1);
  });

  test("is only reported as missing if systemd's watchdog also expects it, because systemd itself then stops the agent", () => {
    const policy = policyOf("iris", { heartbeat: { by: "notify", interval: 10, timeout: 30 } });
    const silent = { ...newAgent(0), run: "1" };
    const { actions, events } = decide(silent, seenOf({ policy }), 300);
    expect(actions).toEqual([]);
    expect(events.map(({ event }) => event)).toEqual(["stale"]);
    expect(decide(silent, seenOf({ policy, isFresh: false }), 300).needsRefresh).toBe(true);
  });

  test("is not expected immediately if its agent was already running when the heartbeat was declared", () => {
    const silent = policyOf("iris", { heartbeat: { ...IRIS.heartbeat, by: "none" } });
    const before = decide({ ...newAgent(0), run: "1" }, seenOf({ policy: silent }), 5000).memory;
    expect(decide(before, seenOf(), 5001)).toMatchObject({ actions: [], events: [] });
  });

  test("is reported if it has the state `stuck`, and the agent is not stopped", () => {
    const stuck = seenOf({ reading: { mark: "b", state: "stuck", task: "a review" } });
    const { actions, events } = decide({ ...newAgent(0), run: "1" }, stuck, 5);
    expect(actions).toEqual([]);
    expect(events).toEqual([{ event: "stuck", agent: "iris", detail: "a review" }]);
  });
});

test("the deadman stops an agent only after it has queried systemd again", () => {
  const silent = { ...newAgent(0), run: "1" };
  expect(decide(silent, seenOf({ isFresh: false }), 100).needsRefresh).toBe(true);
  expect(decide(silent, seenOf(), 100)).toMatchObject({ needsRefresh: false, actions: [{ act: "kill" }] });
});

test("an agent that crashes forever during a hold cannot fill the history", () => {
  const host = hostOf(IRIS);
  host.held = "maintenance";
  host.agent("iris").crashesAfter = 2;
  host.crash("iris");
  pass(host, 3600);
  expect(eventNames(host).length).toBeLessThan(190);
  expect(eventNames(host)).toContain("flood");
});

describe("an agent that is not always on", () => {
  const LOOM = policyOf("loom", { ttl: 600 });

  test("is stopped after its time to live, and the stop is not reported as a failure", () => {
    const host = hostOf(LOOM, IRIS);
    pass(host, 530);
    expect(host.agent("loom").state).toBe("up");
    pass(host, 20);
    expect(host.agent("loom").state).toBe("down");
    expect(host.agent("iris").state).toBe("up");
    pass(host, 60);
    expect(eventNames(host)).toEqual(["ended"]);
  });

  test("has its full time to live again when it is started again", () => {
    const host = hostOf(LOOM);
    pass(host, 3000);
    host.startByHand("loom");
    pass(host, 590);
    expect(host.agent("loom").state).toBe("up");
    pass(host, 20);
    expect(host.agent("loom").state).toBe("down");
    expect(eventNames(host)).toEqual(["ended", "started", "ended"]);
  });

  test("is not stopped during a hold, but immediately after the hold", () => {
    const host = hostOf(LOOM);
    host.held = "held by a test";
    pass(host, 900);
    expect(host.agent("loom").state).toBe("up");
    host.held = "";
    pass(host, 5);
    expect(host.agent("loom").state).toBe("down");
  });
});

describe("an agent with a deferred restart", () => {
  test("restarts only when it is idle", () => {
    const host = hostOf(IRIS);
    const { run } = host.agent("iris");
    host.deferred["iris"] = { within: 3600, isIdle: false };
    pass(host, 600);
    expect(host.agent("iris").run).toBe(run);
    host.deferred["iris"] = { within: 3600, isIdle: true };
    pass(host, 2);
    expect(host.agent("iris").run).toBe(run + 1);
    expect(eventNames(host)).toEqual(["asked", "started"]);
  });

  test("restarts at its deadline, even if it is busy and the deadman has been restarted", () => {
    const host = hostOf(IRIS);
    const { run } = host.agent("iris");
    host.deferred["iris"] = { within: 600, isIdle: false };
    pass(host, 300);
    host.restartHostd();
    pass(host, 290);
    expect(host.agent("iris").run).toBe(run);
    pass(host, 15);
    expect(host.agent("iris").run).toBe(run + 1);
  });

  test("restarts once, and the restart does not count towards quarantine", () => {
    const host = hostOf(policyOf("iris", { restarts: { most: 1, within: 3600 } }));
    host.deferred["iris"] = { within: 60, isIdle: true };
    pass(host, 600);
    expect(eventNames(host)).toEqual(["asked", "started"]);
    expect(host.quarantined.size).toBe(0);
  });

  test("does not restart during a hold", () => {
    const host = hostOf(IRIS);
    host.held = "held by a test";
    host.deferred["iris"] = { within: 60, isIdle: true };
    pass(host, 600);
    expect(eventNames(host)).toEqual(["held"]);
  });
});

function seenOf(parts: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    policy: IRIS,
    unit: { state: "up", run: "1", restarts: 0, result: "success" },
    age: 0,
    reading: {},
    isQuarantined: false,
    held: "",
    isFresh: true,
    ...parts,
  };
}

describe("an agent whose runtime sends its heartbeats from hooks", () => {
  const policy = policyOf("iris", { heartbeat: { by: "file", sent: "hooks", interval: 60, timeout: 240 } });
  const watch = (seconds: number, reading: AgentSnapshot["reading"]) => {
    const seen = seenOf({ policy, reading, age: seconds });
    let memory = { ...newAgent(0), run: "1" };
    const events: string[] = [];
    for (let clock = 1; clock <= seconds; clock += 1) {
      const judged = decide(memory, seen, clock);
      memory = judged.memory;
      events.push(...judged.events.map(({ event }) => event));
    }
    return { events, memory };
  };

  test.each<[string, AgentSnapshot["reading"]]>([
    ["has not had work yet", {}],
    ["waits for work", { mark: "1", state: "idle" }],
    ["waits for a person", { mark: "1", state: "blocked" }],
  ])("is not stopped while it %s", (_, reading) => {
    expect(watch(3600, reading).events).toEqual([]);
  });

  test("is stopped if it is busy and shows no sign of life", () => {
    expect(watch(241, { mark: "1", state: "busy" }).events).toEqual(["stale", "hung"]);
  });

  test("shows since when it is in its state, also if it repeats its heartbeat", () => {
    const busy = (mark: string) => seenOf({ policy, reading: { mark, state: "busy" } });
    const first = decide({ ...newAgent(0), run: "1" }, busy("1"), 10).memory;
    const again = decide(first, busy("2"), 50).memory;
    const memory = { clock: 70, boot: "", ended: false, agents: { iris: again } };
    expect(buildView(memory, { iris: busy("2") }).agents["iris"]).toMatchObject({ age: 20, stateFor: 60 });
    const idle = decide(again, seenOf({ policy, reading: { mark: "3", state: "idle" } }), 80).memory;
    expect(idle.rhythm?.since).toBe(80);
  });
});

describe("a turn that ended without an answer", () => {
  test("is reported once", () => {
    const lost = (...numbers: number[]) =>
      seenOf({ lostTurns: numbers.map((number) => ({ number, reason: `HTTP ${number}` })) });
    const first = decide({ ...newAgent(0), run: "1" }, lost(500), 10);
    const second = decide(first.memory, lost(500, 501), 11);
    const third = decide(second.memory, lost(500, 501), 12);
    expect([first, second, third].map(({ events }) => events)).toEqual([
      [{ event: "turn-lost", agent: "iris", detail: "HTTP 500" }],
      [{ event: "turn-lost", agent: "iris", detail: "HTTP 501" }],
      [],
    ]);
  });
});
