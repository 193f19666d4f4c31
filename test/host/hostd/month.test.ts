import { expect, test } from "vitest";
import { policyOf, SimulatedHost } from "./simulated.ts";

const DAY = 86_400;
const DAYS = 30;
/** Seconds between two checks of the simulated deadman. On a host, the deadman checks more often. */
const STEP = 5;

/** The faults that docs/deadman.md lists. Hangs are noticed after the longest allowed timeout. */
const CRASHES_A_DAY = 3;
const HANGS_A_DAY = 1;
const REBOOT_EVERY = 7;
const REBOOT_SECONDS = 60;
const HOSTD_KILLS_A_DAY = 2;
const STALLS_A_DAY = 1;
const MOST_TIMEOUT = 300;
const OUTAGES_A_DAY = 1;
const OUTAGE_SECONDS = 20 * 60;
/** The failover policy with the defaults of fleet.yaml. */
const FAILOVER = {
  providers: ["nous", "google"],
  restart: "when-idle",
  deadline: 300,
  returnAfter: 600,
} as const;
const PROBE = { interval: 30, failures: 3, successes: 2 };
const LOOPER = "looper";
const MOST_RESTARTS = 5;
const RELEASED_AFTER = 8 * 3600;

const seed = Number(process.env["MUSTER_SEED"] ?? 20_260_102);

test(`the deadman handles 30 simulated days of crashes, hangs, reboots, provider outages and a crash loop (seed ${seed})`, {
  timeout: 120_000,
}, () => {
  const random = seededRandom(seed);
  const names = ["arc", "iris", "loom", "forge", "spark"];
  const host = new SimulatedHost(
    [...names, LOOPER].map((name) =>
      policyOf(name, {
        heartbeat: { by: "file", interval: 60, timeout: MOST_TIMEOUT },
        ...(name !== LOOPER && { failover: FAILOVER }),
      }),
    ),
  );
  for (const provider of FAILOVER.providers) host.provide(provider, PROBE);
  const plan = schedule(names, random);
  const downSeconds = new Map(names.map((name) => [name, 0]));
  let releaseAt = Number.POSITIVE_INFINITY;
  let releases = 0;
  let lost = 0;

  for (let at = 0; at < DAYS * DAY; at = host.now) {
    while ((plan.at(-1)?.at ?? Number.POSITIVE_INFINITY) <= at) {
      const before = host.now;
      plan.pop()?.act(host);
      for (const name of names) add(downSeconds, name, host.now - before);
    }
    host.pass(STEP);
    for (const name of names) {
      const { state, hangs, runsOn } = host.agent(name);
      if (state !== "up" || hangs || !host.providers[runsOn]?.isHealthy) add(downSeconds, name, STEP);
    }
    const isHeld = host.quarantined.has(host.agent(LOOPER).policy.unit);
    if (isHeld && host.agent(LOOPER).state !== "down") lost += 1;
    if (isHeld && releaseAt === Number.POSITIVE_INFINITY) releaseAt = host.now + RELEASED_AFTER;
    if (host.now >= releaseAt) {
      releaseAt = Number.POSITIVE_INFINITY;
      releases += 1;
      host.release(LOOPER);
    }
  }

  for (const [name, down] of downSeconds) expect(100 * (1 - down / (DAYS * DAY)), name).toBeGreaterThan(99.5);
  // There is no restart storm: a fault causes one start of its agent, and the crash loop ends at its fifth restart.
  const reboots = host.boots - 1;
  const changes = 2 * OUTAGES_A_DAY * FAILOVER.providers.length;
  const most = DAYS * (CRASHES_A_DAY + HANGS_A_DAY + changes) + reboots;
  for (const name of names) expect(host.agent(name).run - 1, name).toBeLessThanOrEqual(most);
  expect(host.agent(LOOPER).run - 1).toBeLessThanOrEqual((releases + 1) * (MOST_RESTARTS + 1) + reboots);
  // Only agents that hung were stopped, and only the looping agent was quarantined.
  expect(host.kills.every(({ hung }) => hung)).toBe(true);
  expect(host.kills.length).toBeGreaterThan(0.9 * DAYS * HANGS_A_DAY * names.length);
  expect(lost).toBe(0);
  const held = host.events.filter(({ event }) => event === "quarantined");
  expect(new Set(held.map(({ agent }) => agent))).toEqual(new Set([LOOPER]));
  const reason = `${MOST_RESTARTS} restarts within 60 min`;
  expect(new Set(held.map(({ detail }) => detail))).toEqual(new Set([reason]));
  const over = host.events.filter(({ event, agent }) => event === "failed-over" && agent === names[0]);
  expect(over.length).toBeGreaterThanOrEqual(0.9 * DAYS * OUTAGES_A_DAY);
  // Each release follows a quarantine, and at most one quarantine is not released yet. No kill or reboot lost a
  // quarantine.
  expect(held.length - releases).toBeLessThanOrEqual(1);
  expect(releases).toBeGreaterThan(80);
  console.log(`seed ${seed}: lowest uptime ${leastUptime(downSeconds)} %, ${releases} releases`);
});

interface Fault {
  readonly at: number;
  act(host: SimulatedHost): void;
}

/** Returns the faults in reverse order of their time. */
function schedule(names: readonly string[], random: () => number): Fault[] {
  const faults: Fault[] = [];
  const each = (count: number, act: Fault["act"]) => {
    for (let day = 0; day < DAYS; day += 1) {
      for (let i = 0; i < count; i += 1) faults.push({ at: (day + random()) * DAY, act });
    }
  };
  for (const name of names) {
    each(CRASHES_A_DAY, (host) => host.crash(name));
    each(HANGS_A_DAY, (host) => host.hang(name));
  }
  for (const provider of FAILOVER.providers) {
    const become = (isHealthy: boolean) => (host: SimulatedHost) => {
      const one = host.providers[provider];
      if (one !== undefined) one.isHealthy = isHealthy;
    };
    for (let day = 0; day < DAYS * OUTAGES_A_DAY; day += 1) {
      const at = (day / OUTAGES_A_DAY + random() / OUTAGES_A_DAY) * DAY;
      faults.push({ at, act: become(false) }, { at: at + OUTAGE_SECONDS, act: become(true) });
    }
  }
  each(HOSTD_KILLS_A_DAY, (host) => host.restartHostd());
  each(STALLS_A_DAY, (host) => host.stall(3600));
  for (let day = 0; day < DAYS; day += REBOOT_EVERY) {
    faults.push({ at: (day + random() * REBOOT_EVERY) * DAY, act: (host) => host.reboot(REBOOT_SECONDS) });
  }
  faults.push({
    at: 0,
    act: (host) => {
      host.agent(LOOPER).crashesAfter = 20;
      host.crash(LOOPER);
    },
  });
  return faults.sort((a, b) => b.at - a.at);
}

function add(sums: Map<string, number>, name: string, seconds: number): void {
  sums.set(name, (sums.get(name) ?? 0) + seconds);
}

function leastUptime(downSeconds: ReadonlyMap<string, number>): string {
  return (100 * (1 - Math.max(...downSeconds.values()) / (DAYS * DAY))).toFixed(3);
}

/** Returns the generator mulberry32, which produces the same numbers for the same seed on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
