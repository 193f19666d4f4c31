import { describe, expect, test } from "vitest";
import { decide } from "../../../src/host/hostd/decide.ts";
import { newAgent } from "../../../src/host/hostd/memory.ts";
import type { AgentSnapshot } from "../../../src/host/hostd/types.ts";
import { policyOf, SimulatedHost } from "./simulated.ts";

const IRIS = policyOf("iris");

function hostOf(...policies: readonly ReturnType<typeof policyOf>[]): SimulatedHost {
  const host = new SimulatedHost(policies);
  pass(host, 60);
  return host;
}

function pass(host: SimulatedHost, seconds: number, each = 1): void {
  for (let gone = 0; gone < seconds; gone += each) host.pass(each);
}

const told = (host: SimulatedHost) =>
  host.events.flatMap(({ event, agent }) => (agent === undefined ? [] : [event]));

describe("an agent that forked away", () => {
  test("is ended, so that it is started again and counts, and told once; while it is left alone it is not", () => {
    const unit = { state: "up", run: "1", restarts: 0, result: "success", isStray: true } as const;
    const seen: AgentSnapshot = {
      ...{ policy: IRIS, unit, age: 5, reading: {}, isQuarantined: false, paused: "", isFresh: true },
    };
    const known = { ...newAgent(0), run: "1" };
    expect(decide(known, { ...seen, paused: "paused" }, 10).actions).toEqual([]);
    expect(decide(known, { ...seen, isFresh: false }, 10).needsRefresh).toBe(true);
    const { actions, events, memory } = decide(known, seen, 10);
    expect(actions).toMatchObject([{ act: "kill", agent: "iris" }]);
    expect(events).toMatchObject([{ event: "died", detail: "its program left its terminal" }]);
    expect(decide(memory, seen, 11)).toMatchObject({ actions: [], events: [] });
  });
});

describe("an agent that died", () => {
  test("was started again by systemd, also where that counts before the new run is seen", () => {
    const unit = { state: "ended", run: "1", restarts: 0, result: "signal" } as const;
    const seen = (state: Partial<AgentSnapshot["unit"]>): AgentSnapshot => ({
      ...{ policy: IRIS, unit: { ...unit, ...state }, age: 5, reading: {} },
      ...{ isQuarantined: false, paused: "", isFresh: true },
    });
    const looks = [
      seen({}),
      seen({ restarts: 1 }),
      seen({ state: "up", run: "2", restarts: 1 }),
      seen({ state: "up", run: "3", restarts: 0 }),
    ];
    const { events, memory } = looks.reduce(
      ({ events, memory }, look) => {
        const judged = decide(memory, look, 10);
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

describe("an agent that beats", () => {
  test("is left alone, and nothing is told of it", () => {
    const host = hostOf(IRIS);
    pass(host, 4000);
    expect(host.kills).toEqual([]);
    expect(told(host)).toEqual([]);
  });

  test("is stopped at its timeout when it hangs, and is back", () => {
    const host = hostOf(policyOf("iris", { heartbeat: { by: "file", interval: 5, timeout: 20 } }));
    host.hang("iris");
    const at = host.now;
    while (host.kills.length === 0) host.pass(1);
    expect(host.now - at).toBeLessThanOrEqual(21);
    pass(host, 60);
    expect(told(host)).toEqual(["stale", "hung", "restarted"]);
    expect(host.agent("iris").state).toBe("up");
  });

  test("is stopped again should the first time not have ended it", () => {
    const host = hostOf(IRIS);
    host.hang("iris");
    while (host.kills.length === 0) host.pass(1);
    Object.assign(host.agent("iris"), { state: "up", hangs: true });
    pass(host, 60);
    expect(host.kills.length).toBe(2);
  });

  test("is stopped when it hangs though the deadman is killed again and again meanwhile", () => {
    const host = hostOf(IRIS);
    host.hang("iris");
    for (let i = 0; i < 6; i += 1) {
      pass(host, 10);
      host.restartHostd();
    }
    expect(host.kills).toEqual([{ agent: "iris", hung: true }]);
  });

  test("is told to have died and to be back, each once", () => {
    const host = hostOf(IRIS);
    host.crash("iris");
    pass(host, 30);
    expect(told(host)).toEqual(["died", "restarted"]);
  });
});

describe("the fifth restart within an hour", () => {
  const crashing = () => {
    const host = hostOf(IRIS);
    host.agent("iris").crashesAfter = 10;
    host.crash("iris");
    pass(host, 120);
    return host;
  };

  test("brings an agent into quarantine, where it stays down, whoever starts it", () => {
    const host = crashing();
    expect(told(host).filter((event) => event === "restarted")).toHaveLength(5);
    expect(told(host).at(-1)).toBe("quarantined");
    expect(host.agent("iris").state).toBe("down");
    host.agent("iris").state = "up";
    host.agent("iris").run += 1;
    host.pass(1);
    expect(host.agent("iris").state).toBe("down");
  });

  test("is not forgotten where the deadman is killed between any two of them", () => {
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

  test("counts over a reboot, after which systemd counts anew", () => {
    const host = hostOf(IRIS);
    for (let i = 0; i < 5; i += 1) {
      host.crash("iris");
      pass(host, 20);
      if (i === 2) host.reboot(30);
    }
    expect(host.quarantined.size).toBe(1);
  });

  test("does not come where they are spread over hours", () => {
    const host = hostOf(IRIS);
    for (let i = 0; i < 20; i += 1) {
      host.crash("iris");
      pass(host, 1000, 5);
    }
    expect(host.quarantined.size).toBe(0);
  });

  test("is forgiven by a release", () => {
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

describe("time in which nothing was seen", () => {
  test.each([60, 3600, 86_400])("does no harm: %i s in one leap stop nobody", (seconds) => {
    const host = hostOf(IRIS, policyOf("loom"));
    for (let i = 0; i < 20; i += 1) {
      host.stall(seconds);
      pass(host, 30);
    }
    expect(host.kills).toEqual([]);
    expect(told(host)).toEqual([]);
  });

  test("does no harm where systemd or a beat could not be read", () => {
    const seen = seenOf({ reading: { unknown: "too many open files" } });
    const silent = { ...newAgent(0), run: "1", mark: "a" };
    expect(decide(silent, seen, 1000)).toMatchObject({ actions: [], events: [] });
  });
});

describe("while an agent is paused", () => {
  test("it is neither stopped nor held, and nothing of it counts afterwards", () => {
    const host = hostOf(IRIS);
    host.paused = "paused by /var/lib/muster/hostd/pause";
    host.hang("iris");
    pass(host, 400);
    for (let i = 0; i < 9; i += 1) {
      host.crash("iris");
      pass(host, 20);
    }
    host.paused = "";
    pass(host, 40);
    expect(host.kills).toEqual([]);
    expect(host.quarantined.size).toBe(0);
    expect(told(host)).toContain("paused");
    expect(told(host).at(-1)).toBe("resumed");
  });
});

describe("a heartbeat", () => {
  test("that is wrong is told once, and its agent is stopped as one that hangs", () => {
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

  test("by systemd's watchdog is systemd's to act on", () => {
    const policy = policyOf("iris", { heartbeat: { by: "notify", interval: 10, timeout: 30 } });
    const silent = { ...newAgent(0), run: "1" };
    const { actions, events } = decide(silent, seenOf({ policy }), 300);
    expect(actions).toEqual([]);
    expect(events.map(({ event }) => event)).toEqual(["stale"]);
    expect(decide(silent, seenOf({ policy, isFresh: false }), 300).needsRefresh).toBe(true);
  });

  test("that was only declared just now is not held against who ran before", () => {
    const silent = policyOf("iris", { heartbeat: { ...IRIS.heartbeat, by: "none" } });
    const before = decide({ ...newAgent(0), run: "1" }, seenOf({ policy: silent }), 5000).memory;
    expect(decide(before, seenOf(), 5001)).toMatchObject({ actions: [], events: [] });
  });

  test("that says stuck is told, and nobody is stopped for it", () => {
    const stuck = seenOf({ reading: { mark: "b", state: "stuck", task: "a review" } });
    const { actions, events } = decide({ ...newAgent(0), run: "1" }, stuck, 5);
    expect(actions).toEqual([]);
    expect(events).toEqual([{ event: "stuck", agent: "iris", detail: "a review" }]);
  });
});

test("nothing is stopped before systemd was asked anew", () => {
  const silent = { ...newAgent(0), run: "1" };
  expect(decide(silent, seenOf({ isFresh: false }), 100).needsRefresh).toBe(true);
  expect(decide(silent, seenOf(), 100)).toMatchObject({ needsRefresh: false, actions: [{ act: "kill" }] });
});

test("an agent that crashes for ever, left alone, cannot fill the history", () => {
  const host = hostOf(IRIS);
  host.paused = "maintenance";
  host.agent("iris").crashesAfter = 2;
  host.crash("iris");
  pass(host, 3600);
  expect(told(host).length).toBeLessThan(190);
  expect(told(host)).toContain("flood");
});

describe("an agent that is not always on", () => {
  const LOOM = policyOf("loom", { ttl: 600 });

  test("is stopped when its time is over, which is its end and no failure", () => {
    const host = hostOf(LOOM, IRIS);
    pass(host, 530);
    expect(host.agent("loom").state).toBe("up");
    pass(host, 20);
    expect(host.agent("loom").state).toBe("down");
    expect(host.agent("iris").state).toBe("up");
    pass(host, 60);
    expect(told(host)).toEqual(["ended"]);
  });

  test("has its whole time again when it is started again", () => {
    const host = hostOf(LOOM);
    pass(host, 3000);
    host.startAgain("loom");
    pass(host, 590);
    expect(host.agent("loom").state).toBe("up");
    pass(host, 20);
    expect(host.agent("loom").state).toBe("down");
    expect(told(host)).toEqual(["ended", "started", "ended"]);
  });

  test("is not stopped while it is left alone, and not forgotten either", () => {
    const host = hostOf(LOOM);
    host.paused = "paused by a test";
    pass(host, 900);
    expect(host.agent("loom").state).toBe("up");
    host.paused = "";
    pass(host, 5);
    expect(host.agent("loom").state).toBe("down");
  });
});

describe("an agent that runs with what was declared before", () => {
  test("is started again when it is idle, and not before", () => {
    const host = hostOf(IRIS);
    const { run } = host.agent("iris");
    host.deferred["iris"] = { within: 3600, isIdle: false };
    pass(host, 600);
    expect(host.agent("iris").run).toBe(run);
    host.deferred["iris"] = { within: 3600, isIdle: true };
    pass(host, 2);
    expect(host.agent("iris").run).toBe(run + 1);
    expect(told(host)).toEqual(["asked", "started"]);
  });

  test("is started again at its deadline, however busy it is and whoever restarts the deadman meanwhile", () => {
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

  test("is started again once, and none of it counts towards quarantine", () => {
    const host = hostOf(policyOf("iris", { restarts: { most: 1, within: 3600 } }));
    host.deferred["iris"] = { within: 60, isIdle: true };
    pass(host, 600);
    expect(told(host)).toEqual(["asked", "started"]);
    expect(host.quarantined.size).toBe(0);
  });

  test("is left alone during a pause", () => {
    const host = hostOf(IRIS);
    host.paused = "paused by a test";
    host.deferred["iris"] = { within: 60, isIdle: true };
    pass(host, 600);
    expect(told(host)).toEqual(["paused"]);
  });
});

function seenOf(parts: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    policy: IRIS,
    unit: { state: "up", run: "1", restarts: 0, result: "success" },
    age: 0,
    reading: {},
    isQuarantined: false,
    paused: "",
    isFresh: true,
    ...parts,
  };
}
