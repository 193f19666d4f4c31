import { describe, expect, test } from "vitest";
import { policyOf, SimulatedHost } from "./simulated.ts";

const RULES = { restart: "when-idle", deadline: 300, returnAfter: 600 } as const;

/** iris may run on nous, google and local, in this order; the last is not probed. */
function hostOf(rules: object = {}) {
  const failover = { providers: ["nous", "google", "local"], ...RULES, ...rules };
  const host = new SimulatedHost([policyOf("iris", { failover })]);
  const [nous, google] = [host.provide("nous"), host.provide("google")];
  pass(host, 60);
  return { host, nous, google, iris: host.agent("iris") };
}

function pass(host: SimulatedHost, seconds: number): void {
  for (let gone = 0; gone < seconds; gone += 1) host.pass(1);
}

/** Seconds until something is so; a thousand where it never is. */
function until(host: SimulatedHost, isSo: () => boolean): number {
  let gone = 0;
  while (!isSo() && gone < 1000) {
    host.pass(1);
    gone += 1;
  }
  return gone;
}

const changes = (host: SimulatedHost) =>
  host.events.flatMap(({ event, agent, detail }) =>
    agent !== undefined && ["failed-over", "returned", "stranded"].includes(event)
      ? [`${event} ${detail}`]
      : [],
  );

describe("a provider that fails", () => {
  test("is left after as many failures as declared, and the next that works is taken", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    const seconds = until(host, () => iris.runsOn === "google");
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThanOrEqual(33);
    expect(changes(host)).toEqual(["failed-over to google, as nous fails: it answers 500"]);
    pass(host, 3600);
    expect(changes(host)).toHaveLength(1);
    expect(iris.runsOn).toBe("google");
    expect(host.events.map(({ event }) => event)).not.toContain("died");
    expect(host.quarantined.size).toBe(0);
  });

  test("is not left for one that fails too", () => {
    const { host, nous, google, iris } = hostOf();
    nous.isWell = false;
    google.isWell = false;
    until(host, () => iris.runsOn === "local");
    expect(iris.runsOn).toBe("local");
  });

  test("is not left for fewer failures, however often", () => {
    const { host, nous, iris } = hostOf();
    for (let i = 0; i < 50; i += 1) {
      nous.isWell = false;
      pass(host, 20);
      nous.isWell = true;
      pass(host, 10);
    }
    expect(changes(host)).toEqual([]);
    expect(iris.runsOn).toBe("nous");
  });

  test("is left by a busy agent at its deadline, or at once where that is declared", () => {
    const { host, nous, iris } = hostOf();
    host.busy.add("iris");
    nous.isWell = false;
    const late = until(host, () => iris.runsOn === "google");
    expect(late).toBeGreaterThan(300);
    expect(late).toBeLessThan(340);
    const now = hostOf({ restart: "now" });
    now.host.busy.add("iris");
    now.nous.isWell = false;
    expect(until(now.host, () => now.iris.runsOn === "google")).toBeLessThanOrEqual(33);
  });
});

describe("a better provider that works again", () => {
  test("is gone back to after it was well for as long as declared, and not before", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    until(host, () => iris.runsOn === "google");
    nous.isWell = true;
    const seconds = until(host, () => iris.runsOn === "nous");
    expect(seconds).toBeGreaterThan(595);
    expect(seconds).toBeLessThan(625);
    expect(changes(host).at(-1)).toBe("returned to nous, which is well for 10 min");
    expect(iris.linked).toBe("");
  });

  test("is not gone back to while it comes and goes: an agent is started again once, not each time", () => {
    const { host, nous, iris } = hostOf();
    for (let i = 0; i < 20; i += 1) {
      nous.isWell = false;
      pass(host, 40);
      nous.isWell = true;
      pass(host, 500);
    }
    expect(changes(host)).toHaveLength(1);
    expect(iris.runsOn).toBe("google");
  });

  test("is taken sooner where the one in use fails", () => {
    const { host, nous, google, iris } = hostOf();
    nous.isWell = false;
    until(host, () => iris.runsOn === "google");
    nous.isWell = true;
    google.isWell = false;
    expect(until(host, () => iris.runsOn === "nous")).toBeLessThan(40);
    expect(changes(host).at(-1)).toBe("returned to nous, as google fails: it answers 500");
  });

  test("is taken where it is probed no more", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    until(host, () => iris.runsOn === "google");
    delete host.providers["nous"];
    expect(until(host, () => iris.runsOn === "nous")).toBeLessThan(5);
  });
});

test("where all fail an agent stays where it is, and that is told once", () => {
  const { host, nous, google, iris } = hostOf({ providers: ["nous", "google"] });
  nous.isWell = false;
  google.isWell = false;
  pass(host, 4000);
  expect(changes(host)).toEqual([
    "stranded all of its providers fail: nous (it answers 500), google (it answers 500)",
  ]);
  expect(iris.runsOn).toBe("nous");
  google.isWell = true;
  expect(until(host, () => iris.runsOn === "google")).toBeLessThan(40);
});

describe("nothing is forgotten", () => {
  test("where the deadman is killed between any two answers", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    for (let i = 0; i < 4; i += 1) {
      pass(host, 10);
      host.restartHostd();
    }
    pass(host, 10);
    expect(iris.runsOn).toBe("google");
    nous.isWell = true;
    for (let i = 0; i < 65; i += 1) {
      pass(host, 10);
      host.restartHostd();
    }
    expect(iris.runsOn).toBe("nous");
    expect(changes(host)).toHaveLength(2);
  });

  test("over a reboot, after which an agent starts on the provider that works", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    until(host, () => iris.runsOn === "google");
    host.reboot(60);
    expect(iris.runsOn).toBe("google");
    pass(host, 60);
    expect(changes(host)).toHaveLength(1);
  });

  test("where a change was cut short: what systemd has not read yet, it is made to read", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    until(host, () => iris.linked === "google");
    Object.assign(iris, { loaded: "", runsOn: "nous" });
    delete host.deferred["iris"];
    host.restartHostd();
    pass(host, 3);
    expect(iris.runsOn).toBe("google");
    expect(changes(host)).toHaveLength(1);
  });

  test("and time that leaps counts for nothing", () => {
    const { host, nous, iris } = hostOf();
    nous.isWell = false;
    until(host, () => iris.runsOn === "google");
    nous.isWell = true;
    pass(host, 30);
    for (let i = 0; i < 20; i += 1) host.stall(3600);
    pass(host, 60);
    expect(iris.runsOn).toBe("google");
  });
});

test("a provider that comes and goes for ever cannot fill the history", () => {
  const { host, nous } = hostOf();
  Object.assign(nous, { check: { ...nous.check, interval: 1, failures: 1, successes: 1 } });
  for (let i = 0; i < 1800; i += 1) {
    nous.isWell = i % 2 === 0;
    pass(host, 2);
  }
  expect(host.events.filter(({ event }) => event.startsWith("provider-")).length).toBeLessThan(90);
});

test("a change that cannot be made is told once, and tried again once a minute", () => {
  const { host, nous, iris } = hostOf();
  host.isReadOnly = true;
  nous.isWell = false;
  pass(host, 630);
  expect(changes(host)).toHaveLength(1);
  expect(host.switches).toBeGreaterThan(5);
  expect(host.switches).toBeLessThan(12);
  host.isReadOnly = false;
  expect(until(host, () => iris.runsOn === "google")).toBeLessThan(62);
});

test.each(["paused", "quarantined"] as const)(
  "an agent that is %s is not touched, and changes afterwards",
  (why) => {
    const { host, nous, iris } = hostOf();
    if (why === "paused") host.paused = "paused by a person";
    else {
      host.quarantined.add(iris.policy.unit);
      pass(host, 3);
    }
    nous.isWell = false;
    pass(host, 600);
    expect(iris.linked).toBe("");
    expect(changes(host)).toEqual([]);
    host.paused = "";
    if (why === "quarantined") host.release("iris");
    expect(until(host, () => iris.runsOn === "google")).toBeLessThan(10);
  },
);
