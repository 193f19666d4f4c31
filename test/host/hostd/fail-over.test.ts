import { describe, expect, test } from "vitest";
import { policyOf, SimulatedHost } from "./simulated.ts";

const RULES = { restart: "when-idle", deadline: 300, returnAfter: 600 } as const;

/** Returns a host on which iris can run on nous, google and local, in this order. local is not probed. */
function hostOf(rules: object = {}) {
  const failover = { providers: ["nous", "google", "local"], ...RULES, ...rules };
  const host = new SimulatedHost([policyOf("iris", { failover })]);
  const [nous, google] = [host.provide("nous"), host.provide("google")];
  pass(host, 60);
  return { host, nous, google, iris: host.agent("iris") };
}

function pass(host: SimulatedHost, seconds: number): void {
  for (let passed = 0; passed < seconds; passed += 1) host.pass(1);
}

/** Returns the seconds until the condition is true, or 1000 if it does not become true. */
function until(host: SimulatedHost, condition: () => boolean): number {
  let passed = 0;
  while (!condition() && passed < 1000) {
    host.pass(1);
    passed += 1;
  }
  return passed;
}

const changes = (host: SimulatedHost) =>
  host.events.flatMap(({ event, agent, detail }) =>
    agent !== undefined && ["failed-over", "returned", "stranded"].includes(event)
      ? [`${event} ${detail}`]
      : [],
  );

describe("an agent whose provider fails", () => {
  test("changes to the next working provider after the declared number of failures", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    const seconds = until(host, () => iris.runsOn === "google");
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThanOrEqual(33);
    expect(changes(host)).toEqual(["failed-over to google, because nous fails: it answers 500"]);
    pass(host, 3600);
    expect(changes(host)).toHaveLength(1);
    expect(iris.runsOn).toBe("google");
    expect(host.events.map(({ event }) => event)).not.toContain("died");
    expect(host.quarantined.size).toBe(0);
  });

  test("skips the next provider if that provider fails too", () => {
    const { host, nous, google, iris } = hostOf();
    nous.isHealthy = false;
    google.isHealthy = false;
    until(host, () => iris.runsOn === "local");
    expect(changes(host)).toEqual(["failed-over to local, because nous fails: it answers 500"]);
  });

  test("keeps a provider whose consecutive failures are always fewer than declared", () => {
    const { host, nous, iris } = hostOf();
    for (let i = 0; i < 50; i += 1) {
      nous.isHealthy = false;
      pass(host, 20);
      nous.isHealthy = true;
      pass(host, 10);
    }
    expect(changes(host)).toEqual([]);
    expect(iris.runsOn).toBe("nous");
  });

  test("changes its provider only at the deadline if the agent is busy, or immediately if fleet.yaml says so", () => {
    const { host, nous, iris } = hostOf();
    host.busy.add("iris");
    nous.isHealthy = false;
    const late = until(host, () => iris.runsOn === "google");
    expect(late).toBeGreaterThan(300);
    expect(late).toBeLessThan(340);
    const now = hostOf({ restart: "now" });
    now.host.busy.add("iris");
    now.nous.isHealthy = false;
    expect(until(now.host, () => now.iris.runsOn === "google")).toBeLessThanOrEqual(33);
  });
});

describe("a preferred provider that works again", () => {
  test("is used again only after it has worked for the declared time", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    until(host, () => iris.runsOn === "google");
    nous.isHealthy = true;
    const seconds = until(host, () => iris.runsOn === "nous");
    expect(seconds).toBeGreaterThan(595);
    expect(seconds).toBeLessThan(625);
    expect(changes(host).at(-1)).toBe("returned to nous, which has been healthy for 10 min");
    expect(iris.linked).toBe("");
  });

  test("is not used again if it keeps failing after a short time, so the agent restarts only once", () => {
    const { host, nous, iris } = hostOf();
    for (let i = 0; i < 20; i += 1) {
      nous.isHealthy = false;
      pass(host, 40);
      nous.isHealthy = true;
      pass(host, 500);
    }
    expect(changes(host)).toHaveLength(1);
    expect(iris.runsOn).toBe("google");
  });

  test("is used again before the declared time if the current provider fails", () => {
    const { host, nous, google, iris } = hostOf();
    nous.isHealthy = false;
    until(host, () => iris.runsOn === "google");
    nous.isHealthy = true;
    google.isHealthy = false;
    expect(until(host, () => iris.runsOn === "nous")).toBeLessThan(40);
    expect(changes(host).at(-1)).toBe("returned to nous, because google fails: it answers 500");
  });

  test("is used again immediately if Muster no longer probes it", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    until(host, () => iris.runsOn === "google");
    delete host.providers["nous"];
    expect(until(host, () => iris.runsOn === "nous")).toBeLessThan(5);
  });
});

test("an agent keeps its provider if all its providers fail, and the failure of all providers is reported once", () => {
  const { host, nous, google, iris } = hostOf({ providers: ["nous", "google"] });
  nous.isHealthy = false;
  google.isHealthy = false;
  pass(host, 4000);
  expect(changes(host)).toEqual([
    "stranded all of its providers fail: nous (it answers 500), google (it answers 500)",
  ]);
  expect(iris.runsOn).toBe("nous");
  google.isHealthy = true;
  expect(until(host, () => iris.runsOn === "google")).toBeLessThan(40);
});

describe("a failover", () => {
  test("is completed if the deadman is killed between any two steps", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    for (let i = 0; i < 4; i += 1) {
      pass(host, 10);
      host.restartHostd();
    }
    pass(host, 10);
    expect(iris.runsOn).toBe("google");
    nous.isHealthy = true;
    for (let i = 0; i < 65; i += 1) {
      pass(host, 10);
      host.restartHostd();
    }
    expect(iris.runsOn).toBe("nous");
    expect(changes(host)).toHaveLength(2);
  });

  test("persists through a reboot, so the agent starts on the working provider", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    until(host, () => iris.runsOn === "google");
    host.reboot(60);
    expect(iris.runsOn).toBe("google");
    pass(host, 60);
    expect(changes(host)).toHaveLength(1);
  });

  test("is completed if it was interrupted before systemd was reloaded", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    until(host, () => iris.linked === "google");
    Object.assign(iris, { loaded: "", runsOn: "nous" });
    delete host.deferred["iris"];
    host.restartHostd();
    pass(host, 3);
    expect(iris.runsOn).toBe("google");
    expect(changes(host)).toHaveLength(1);
  });

  test("is not undone by a jump of the clock, because no provider was probed in that time", () => {
    const { host, nous, iris } = hostOf();
    nous.isHealthy = false;
    until(host, () => iris.runsOn === "google");
    nous.isHealthy = true;
    pass(host, 30);
    for (let i = 0; i < 20; i += 1) host.stall(3600);
    pass(host, 60);
    expect(iris.runsOn).toBe("google");
  });
});

test("a provider that repeatedly fails and recovers cannot fill the history", () => {
  const { host, nous } = hostOf();
  Object.assign(nous, { check: { ...nous.check, interval: 1, failures: 1, successes: 1 } });
  for (let i = 0; i < 1800; i += 1) {
    nous.isHealthy = i % 2 === 0;
    pass(host, 2);
  }
  expect(host.events.filter(({ event }) => event.startsWith("provider-")).length).toBeLessThan(90);
});

test("a failover that fails is reported once, and is retried once a minute", () => {
  const { host, nous, iris } = hostOf();
  host.isReadOnly = true;
  nous.isHealthy = false;
  pass(host, 630);
  expect(changes(host)).toHaveLength(1);
  expect(host.switches).toBeGreaterThan(5);
  expect(host.switches).toBeLessThan(12);
  host.isReadOnly = false;
  expect(until(host, () => iris.runsOn === "google")).toBeLessThan(62);
});

test.each(["held", "quarantined"] as const)(
  "an agent that is %s keeps its provider, and changes to the next provider afterwards",
  (why) => {
    const { host, nous, iris } = hostOf();
    if (why === "held") host.held = "held by a person";
    else {
      host.quarantined.add(iris.policy.unit);
      pass(host, 3);
    }
    nous.isHealthy = false;
    pass(host, 600);
    expect(iris.linked).toBe("");
    expect(changes(host)).toEqual([]);
    host.held = "";
    if (why === "quarantined") host.release("iris");
    expect(until(host, () => iris.runsOn === "google")).toBeLessThan(10);
  },
);
