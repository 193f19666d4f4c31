import { describe, expect, test } from "vitest";

import { parseServicePolicy, type WatchedUnit } from "../../../src/host/units/policies.ts";
import type { HealthCheck } from "../../../src/model/health-check.ts";
import { policyOf, SimulatedHost } from "./simulated.ts";

const PROBE = { kind: "tcp", host: "127.0.0.1", port: 6379, timeout: 5 } as const;
const HEALTH: HealthCheck = { probe: PROBE, interval: 10, failures: 3, successes: 2 };
const REFUSED = { ok: false, detail: "connect ECONNREFUSED" };
const HEALTHY = { ok: true, detail: "it accepts connections" };

function cacheWith(parts: Partial<WatchedUnit["service"] & {}> = {}): SimulatedHost {
  const service = { health: HEALTH, grace: 60, onUnhealthy: "restart", ...parts } as const;
  return new SimulatedHost([
    policyOf("cache", { heartbeat: { by: "none", interval: 15, timeout: 60 }, service }),
  ]);
}

/** Returns a host with a service that has been found healthy. */
function healthy(parts: Partial<WatchedUnit["service"] & {}> = {}): SimulatedHost {
  const host = cacheWith(parts);
  pass(host, 60);
  return host;
}

function pass(host: SimulatedHost, seconds: number, each = 1): void {
  for (let passed = 0; passed < seconds; passed += each) host.pass(each);
}

const eventNames = (host: SimulatedHost) =>
  host.events.flatMap(({ event, service }) => (service ? [event] : []));
const cache = (host: SimulatedHost) => host.agent("cache");

describe("a service that answers its health check", () => {
  test("is reported as healthy once, in the service's history, and is not restarted", () => {
    const host = healthy();
    pass(host, 4000);
    expect(eventNames(host)).toEqual(["healthy"]);
    expect(host.events.find(({ event }) => event === "healthy")).toMatchObject({ service: "cache" });
    expect(host.events.every(({ agent }) => agent === undefined)).toBe(true);
    expect(host.revived).toBe(0);
  });

  test("is not restarted if it has fewer consecutive failures than declared", () => {
    const host = healthy();
    for (let i = 0; i < 50; i += 1) {
      cache(host).answer = REFUSED;
      pass(host, 20);
      cache(host).answer = HEALTHY;
      pass(host, 10);
    }
    expect(eventNames(host)).toEqual(["healthy"]);
  });
});

describe("a service that does not answer its health check", () => {
  test("is restarted and reported after the declared number of failures, and reported again when it recovers", () => {
    const host = healthy();
    cache(host).answer = REFUSED;
    const at = host.now;
    while (host.revived === 0) host.pass(1);
    expect(host.now - at).toBeLessThanOrEqual(3 * HEALTH.interval + 1);
    cache(host).answer = HEALTHY;
    pass(host, 60);
    expect(eventNames(host)).toEqual(["healthy", "unhealthy", "asked", "started", "healthy"]);
    const unhealthy = host.events.find(({ event }) => event === "unhealthy");
    expect(unhealthy?.detail).toBe("3 checks in a row failed: connect ECONNREFUSED");
  });

  test("has a grace period after each start, which ends as soon as the service is healthy", () => {
    const host = cacheWith({ grace: 120 });
    cache(host).answer = REFUSED;
    pass(host, 119);
    expect(eventNames(host)).toEqual([]);
    pass(host, 40);
    expect(host.revived).toBe(1);
    pass(host, 119);
    expect(host.revived).toBe(1);
    cache(host).answer = HEALTHY;
    pass(host, 12);
    cache(host).answer = REFUSED;
    pass(host, 40);
    expect(host.revived).toBe(2);
  });

  test("is quarantined once after the allowed number of restarts, even if it fails for hours", () => {
    const host = healthy({ grace: 1 });
    cache(host).answer = REFUSED;
    pass(host, 5 * 3600, 5);
    expect(host.revived).toBe(5);
    expect(host.quarantined).toEqual(new Set(["muster-agent-cache.service"]));
    expect(cache(host).state).toBe("down");
    expect(eventNames(host).filter((event) => event === "quarantined")).toHaveLength(1);
  });

  test("is restarted only up to the limit, even if the deadman is killed or the host reboots in between", () => {
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

  test("can be restarted any number of times if its failures are hours apart", () => {
    const host = healthy({ grace: 1 });
    for (let i = 0; i < 20; i += 1) {
      cache(host).answer = REFUSED;
      while (host.revived === i) host.pass(5);
      cache(host).answer = HEALTHY;
      pass(host, 1000, 5);
    }
    expect(host.quarantined.size).toBe(0);
  });

  test("is only reported and not restarted if fleet.yaml says so", () => {
    const host = healthy({ onUnhealthy: "tell" });
    cache(host).answer = REFUSED;
    pass(host, 4000);
    cache(host).answer = HEALTHY;
    pass(host, 60);
    expect(eventNames(host)).toEqual(["healthy", "unhealthy", "healthy"]);
    expect(host.revived).toBe(0);
  });

  test("is not restarted during a hold, and its failures count from zero afterwards", () => {
    const host = healthy();
    cache(host).answer = REFUSED;
    pass(host, 20);
    host.held = "held by a file";
    pass(host, 600);
    expect(host.revived).toBe(0);
    host.held = "";
    pass(host, 25);
    expect(host.revived).toBe(0);
    pass(host, 10);
    expect(host.revived).toBe(1);
  });

  test("does not count as failed during time in which the deadman did not run", () => {
    const host = healthy();
    host.stall(7200);
    pass(host, 30);
    expect(eventNames(host)).toEqual(["healthy"]);
  });
});

describe("a service that systemd no longer restarts", () => {
  const failed = (host: SimulatedHost) =>
    Object.assign(cache(host), { state: "down", result: "start-limit-hit" });

  test("is restarted by the deadman even though its health check has not failed", () => {
    const host = healthy();
    failed(host);
    host.pass(1);
    expect(host.revived).toBe(1);
    expect(host.events.find(({ event }) => event === "unhealthy")?.detail).toBe(
      "its unit failed: start-limit-hit",
    );
    pass(host, 60);
    expect(eventNames(host).at(-1)).toBe("healthy");
  });

  test("is restarted by the deadman more than once, but only up to the limit", () => {
    const host = healthy();
    for (let i = 0; i < 500; i += 1) {
      failed(host);
      host.pass(1);
    }
    expect(host.revived).toBe(5);
    expect(host.quarantined.size).toBe(1);
  });
});

test("a service that somebody has stopped remains stopped, and is not reported as unhealthy", () => {
  const host = healthy();
  Object.assign(cache(host), { state: "down", result: "success" });
  pass(host, 600);
  expect(host.revived).toBe(0);
  expect(eventNames(host)).toEqual(["healthy", "stopped"]);
});

test("a service that is released from quarantine can be restarted up to the limit again", () => {
  const host = healthy({ grace: 1 });
  cache(host).answer = REFUSED;
  pass(host, 3000);
  host.release("cache");
  cache(host).answer = HEALTHY;
  pass(host, 120);
  expect(eventNames(host).at(-1)).toBe("healthy");
  cache(host).answer = REFUSED;
  pass(host, 45);
  expect(host.revived).toBe(6);
});

test("a service that systemd restarts repeatedly is quarantined before the restarts become a storm", () => {
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

  test("is parsed in the form in which the Pulumi program writes it", () => {
    expect(parseServicePolicy(JSON.stringify(POLICY))).toMatchObject({
      unit: POLICY.unit,
      heartbeat: { by: "none" },
      service: { health: HEALTH, grace: 60, onUnhealthy: "restart" },
    });
  });

  test.each([
    ["empty", ""],
    ["cut off", '{"unit": "redis-ser'],
    ["not an object", "null"],
    ["for an invalid unit name", JSON.stringify({ ...POLICY, unit: "../x.service" })],
    ["for an option instead of a unit", JSON.stringify({ ...POLICY, unit: "--now.service" })],
    ["without a probe", JSON.stringify({ ...POLICY, health: { ...HEALTH, probe: {} } })],
    ["without a grace period", JSON.stringify({ ...POLICY, grace: 0 })],
    ["with an unknown action", JSON.stringify({ ...POLICY, onUnhealthy: "reboot" })],
    ["without a limit of restarts", JSON.stringify({ ...POLICY, restarts: {} })],
    ["larger than a megabyte", JSON.stringify(POLICY) + " ".repeat(1_000_000)],
  ])("is ignored if it is invalid: %s", (_, text) => {
    expect(parseServicePolicy(text)).toBeUndefined();
  });
});
