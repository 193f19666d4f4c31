import { describe, expect, test } from "vitest";

import { parseServicePolicy, type WatchedUnit } from "../../../src/host/units/policies.ts";
import type { HealthCheck } from "../../../src/model/health.ts";
import { policyOf, SimulatedHost } from "./simulated.ts";

const PROBE = { kind: "tcp", host: "127.0.0.1", port: 6379, timeout: 5 } as const;
const HEALTH: HealthCheck = { probe: PROBE, interval: 10, failures: 3, successes: 2 };
const REFUSED = { ok: false, detail: "connect ECONNREFUSED" };
const WELL = { ok: true, detail: "it accepts connections" };

function cacheWith(parts: Partial<WatchedUnit["service"] & {}> = {}): SimulatedHost {
  const service = { health: HEALTH, grace: 60, onUnhealthy: "restart", ...parts } as const;
  return new SimulatedHost([
    policyOf("cache", { heartbeat: { by: "none", interval: 15, timeout: 60 }, service }),
  ]);
}

/** A service that was found healthy. */
function healthy(parts: Partial<WatchedUnit["service"] & {}> = {}): SimulatedHost {
  const host = cacheWith(parts);
  pass(host, 60);
  return host;
}

function pass(host: SimulatedHost, seconds: number, each = 1): void {
  for (let gone = 0; gone < seconds; gone += each) host.pass(each);
}

const told = (host: SimulatedHost) => host.events.flatMap(({ event, service }) => (service ? [event] : []));
const cache = (host: SimulatedHost) => host.agent("cache");

describe("a service that answers", () => {
  test("is told to be healthy once, as a service's own event, and left alone", () => {
    const host = healthy();
    pass(host, 4000);
    expect(told(host)).toEqual(["healthy"]);
    expect(host.events.find(({ event }) => event === "healthy")).toMatchObject({ service: "cache" });
    expect(host.events.every(({ agent }) => agent === undefined)).toBe(true);
    expect(host.revived).toBe(0);
  });

  test("is not started again for fewer failures in a row than are declared", () => {
    const host = healthy();
    for (let i = 0; i < 50; i += 1) {
      cache(host).answer = REFUSED;
      pass(host, 20);
      cache(host).answer = WELL;
      pass(host, 10);
    }
    expect(told(host)).toEqual(["healthy"]);
  });
});

describe("a service that does not answer", () => {
  test("is started again after as many failures as are declared, and told, and told again when it is back", () => {
    const host = healthy();
    cache(host).answer = REFUSED;
    const at = host.now;
    while (host.revived === 0) host.pass(1);
    expect(host.now - at).toBeLessThanOrEqual(3 * HEALTH.interval + 1);
    cache(host).answer = WELL;
    pass(host, 60);
    expect(told(host)).toEqual(["healthy", "unhealthy", "asked", "started", "healthy"]);
    const unhealthy = host.events.find(({ event }) => event === "unhealthy");
    expect(unhealthy?.detail).toBe("3 checks in a row failed: connect ECONNREFUSED");
  });

  test("has its grace after each start, unless it was well before in this run", () => {
    const host = cacheWith({ grace: 120 });
    cache(host).answer = REFUSED;
    pass(host, 119);
    expect(told(host)).toEqual([]);
    pass(host, 40);
    expect(host.revived).toBe(1);
    pass(host, 119);
    expect(host.revived).toBe(1);
    cache(host).answer = WELL;
    pass(host, 12);
    cache(host).answer = REFUSED;
    pass(host, 40);
    expect(host.revived).toBe(2);
  });

  test("is started again as often as it may be and then held, however long it goes on", () => {
    const host = healthy({ grace: 1 });
    cache(host).answer = REFUSED;
    pass(host, 5 * 3600, 5);
    expect(host.revived).toBe(5);
    expect(host.quarantined).toEqual(new Set(["muster-agent-cache.service"]));
    expect(cache(host).state).toBe("down");
    expect(told(host).filter((event) => event === "quarantined")).toHaveLength(1);
  });

  test("is not started again more often where the deadman is killed or the host boots between any two of them", () => {
    const host = healthy({ grace: 1 });
    cache(host).answer = REFUSED;
    for (let i = 0; i < 60; i += 1) {
      pass(host, 45);
      if (i % 10 === 9) host.reboot(30);
      else host.restartHostd();
    }
    expect(host.revived).toBeLessThanOrEqual(5);
    expect(host.quarantined.size).toBe(1);
  });

  test("may be started again for ever where its failures are spread over hours", () => {
    const host = healthy({ grace: 1 });
    for (let i = 0; i < 20; i += 1) {
      cache(host).answer = REFUSED;
      while (host.revived === i) host.pass(5);
      cache(host).answer = WELL;
      pass(host, 1000, 5);
    }
    expect(host.quarantined.size).toBe(0);
  });

  test("is only told of where nothing else is declared", () => {
    const host = healthy({ onUnhealthy: "tell" });
    cache(host).answer = REFUSED;
    pass(host, 4000);
    cache(host).answer = WELL;
    pass(host, 60);
    expect(told(host)).toEqual(["healthy", "unhealthy", "healthy"]);
    expect(host.revived).toBe(0);
  });

  test("is left alone while it is paused, and has as many checks again afterwards", () => {
    const host = healthy();
    cache(host).answer = REFUSED;
    pass(host, 20);
    host.paused = "paused by a file";
    pass(host, 600);
    expect(host.revived).toBe(0);
    host.paused = "";
    pass(host, 25);
    expect(host.revived).toBe(0);
    pass(host, 10);
    expect(host.revived).toBe(1);
  });

  test("is not judged by time in which nobody saw it", () => {
    const host = healthy();
    host.stall(7200);
    pass(host, 30);
    expect(told(host)).toEqual(["healthy"]);
  });
});

describe("a service that systemd gave up", () => {
  const failed = (host: SimulatedHost) =>
    Object.assign(cache(host), { state: "down", result: "start-limit-hit" });

  test("is started again, though its check cannot say so", () => {
    const host = healthy();
    failed(host);
    host.pass(1);
    expect(host.revived).toBe(1);
    expect(host.events.find(({ event }) => event === "unhealthy")?.detail).toBe(
      "its unit failed: start-limit-hit",
    );
    pass(host, 60);
    expect(told(host).at(-1)).toBe("healthy");
  });

  test("and again, but no more often than it may be", () => {
    const host = healthy();
    for (let i = 0; i < 500; i += 1) {
      failed(host);
      host.pass(1);
    }
    expect(host.revived).toBe(5);
    expect(host.quarantined.size).toBe(1);
  });
});

test("one that somebody stopped is left down, and nothing is held against it", () => {
  const host = healthy();
  Object.assign(cache(host), { state: "down", result: "success" });
  pass(host, 600);
  expect(host.revived).toBe(0);
  expect(told(host)).toEqual(["healthy", "stopped"]);
});

test("one that is freed has all of its restarts again", () => {
  const host = healthy({ grace: 1 });
  cache(host).answer = REFUSED;
  pass(host, 3000);
  host.release("cache");
  cache(host).answer = WELL;
  pass(host, 120);
  expect(told(host).at(-1)).toBe("healthy");
  cache(host).answer = REFUSED;
  pass(host, 45);
  expect(host.revived).toBe(6);
});

test("one that systemd starts again and again is held before it makes a storm of it", () => {
  const host = healthy();
  cache(host).crashesAfter = 3;
  host.crash("cache");
  pass(host, 600);
  expect(host.quarantined.size).toBe(1);
  expect(cache(host).run).toBeLessThanOrEqual(8);
});

describe("a service's policy", () => {
  const POLICY = {
    unit: "redis-server.service",
    health: HEALTH,
    grace: 60,
    onUnhealthy: "restart",
    restarts: { most: 5, within: 3600 },
    maintenance: [],
  };

  test("is read as it was written", () => {
    expect(parseServicePolicy(JSON.stringify(POLICY))).toMatchObject({
      unit: POLICY.unit,
      heartbeat: { by: "none" },
      service: { health: HEALTH, grace: 60, onUnhealthy: "restart" },
    });
  });

  test.each([
    ["nothing", ""],
    ["torn", '{"unit": "redis-ser'],
    ["no object", "null"],
    ["another unit's than a service's", JSON.stringify({ ...POLICY, unit: "../x.service" })],
    ["an option's", JSON.stringify({ ...POLICY, unit: "--now.service" })],
    ["a check of nothing", JSON.stringify({ ...POLICY, health: { ...HEALTH, probe: {} } })],
    ["no grace", JSON.stringify({ ...POLICY, grace: 0 })],
    ["an act that nobody knows", JSON.stringify({ ...POLICY, onUnhealthy: "reboot" })],
    ["restarts without end", JSON.stringify({ ...POLICY, restarts: {} })],
    ["a megabyte", JSON.stringify(POLICY) + " ".repeat(1_000_000)],
  ])("that is %s is none", (_, text) => {
    expect(parseServicePolicy(text)).toBeUndefined();
  });
});
