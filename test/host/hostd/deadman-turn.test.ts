import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Host } from "../../../src/host/context.ts";
import { deadmanOf } from "../../../src/host/hostd/deadman-turn.ts";
import { holdReason } from "../../../src/host/jobs/hold-reason.ts";
import { control } from "../../../src/host/reports/control.ts";
import { history } from "../../../src/host/reports/history.ts";
import { writeRecord } from "../../../src/host/store/records.ts";
import { writeOwn } from "../../../src/host/store/state-files.ts";
import { readView } from "../../../src/host/units/deadman-view-file.ts";
import { deferRestart, readDeferredRestart } from "../../../src/host/units/deferred-restarts.ts";
import { readPendingPause } from "../../../src/host/units/pause.ts";
import { linkOverride } from "../../../src/host/units/provider-override.ts";
import { readPause, readQuarantine } from "../../../src/host/units/quarantine.ts";
import { NEW_STATE } from "../../../src/host/usage/agent-usage-state.ts";
import { writeUsageFile } from "../../../src/host/usage/usage-store.ts";
import { choiceFile, choiceLink, limitsFile } from "../../../src/model/host-paths.ts";
import { makeWorld } from "../world.ts";
import { policyOf } from "./simulated.ts";

const UNIT = "muster-agent-iris.service";

/** Returns a host with real files, and with a fake systemctl that reads unit states from a table. */
function rig() {
  const world = makeWorld();
  const calls: string[] = [];
  const asked: string[][] = [];
  const states: Record<string, Record<string, string | number>> = {};
  const host: Host = {
    ...world.host,
    run: (program, args, options) => {
      if (program === "flock") return { status: 0, stdout: "", stderr: "" };
      if (program !== "systemctl") return world.host.run(program, args, options);
      if (args[0] !== "show") calls.push(args.join(" "));
      const units = args.slice(args.indexOf("--") + 1);
      if (args[0] === "show") asked.push(units);
      const block = (unit: string) =>
        Object.entries({ LoadState: "loaded", Result: "success", ...states[unit] })
          .map((entry) => entry.join("="))
          .join("\n");
      return { status: 0, stdout: units.map(block).join("\n\n"), stderr: "" };
    },
  };
  const set = (unit: string, state: Record<string, string | number>) => {
    // No process has this id, so the name of the main process is unknown.
    states[unit] = {
      MainPID: 9_999_999,
      ActiveState: "active",
      SubState: "running",
      InvocationID: "1",
      NRestarts: 0,
      ...state,
    };
  };
  const declare = (agent: string, text?: string) => {
    const dir = join(host.paths.hostd, "agents");
    mkdirSync(dir, { recursive: true });
    const { unit, heartbeat, restarts, maintenance } = policyOf(agent);
    const policy = { heartbeat: { ...heartbeat, by: "none" }, restarts, maintenance };
    writeFileSync(join(dir, `${agent}.json`), text ?? JSON.stringify(policy));
    set(unit, {});
  };
  const reported = () =>
    history(host, { op: "history", last: 100 }).events.map(
      ({ event, service, agent = service ?? "host" }) => `${agent} ${event}`,
    );
  const declareService = (service: string, most = 2) => {
    const dir = join(host.paths.hostd, "services");
    mkdirSync(dir, { recursive: true });
    const probe = { kind: "command", command: ["/bin/true"], user: "nobody", timeout: 1 };
    const health = { probe, interval: 0.1, failures: 1, successes: 1 };
    const rules = { restarts: { most, within: 3600 }, maintenance: [], grace: 1, onUnhealthy: "restart" };
    writeFileSync(
      join(dir, `${service}.json`),
      JSON.stringify({ unit: `${service}.service`, health, ...rules }),
    );
  };
  return { host, calls, asked, set, declare, declareService, reported };
}

describe("the deadman", () => {
  test("quarantines an agent that crashes too often, even if the deadman itself is killed in between", () => {
    const { host, calls, set, declare, reported } = rig();
    declare("iris");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    set(UNIT, { InvocationID: "2", NRestarts: 3 });
    deadman.turn(true);
    expect(calls).toEqual([]);
    // The first deadman was killed; the next deadman begins with the state on the disk.
    const next = deadmanOf(host, "boot 1");
    set(UNIT, { InvocationID: "3", NRestarts: 5 });
    next.turn(true);
    expect(calls).toEqual([`stop --no-block -- ${UNIT}`]);
    expect(readQuarantine(host, UNIT)?.reason).toBe("5 restarts within 60 min");
    expect(reported()).toContain("iris quarantined");
    set(UNIT, { ActiveState: "inactive", SubState: "dead", InvocationID: "3" });
    deadmanOf(host, "boot 2").turn(true);
    expect(readQuarantine(host, UNIT)).toBeDefined();
    expect(calls).toHaveLength(1);
  });

  test("queries systemd about a unit only if the unit has changed, or just before the deadman acts on the unit", () => {
    const { host, calls, asked, set, declare, reported } = rig();
    const loom = "muster-agent-loom.service";
    for (const name of ["iris", "loom"]) declare(name);
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    set(UNIT, { InvocationID: "2", NRestarts: 1 });
    asked.length = 0;
    deadman.turn(true, new Set(["iris", "hostd"]));
    expect(asked).toEqual([[UNIT]]);
    expect(reported().slice(-2)).toEqual(["iris died", "iris restarted"]);
    deferRestart(host, loom, { restart: "when-idle", within: 3600, run: "1", since: "2026-01-02T03:04:05Z" });
    deadman.turn(true, new Set(["iris"]));
    expect(asked.slice(1)).toEqual([[UNIT], [UNIT, loom]]);
    expect(calls).toEqual([`try-restart --no-block -- ${loom}`]);
  });

  test("queries systemd again about a unit that was starting at the last query", () => {
    const { host, asked, set, declare } = rig();
    for (const name of ["iris", "loom"]) declare(name);
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    set(UNIT, { ActiveState: "activating", SubState: "start", InvocationID: "2", NRestarts: 1 });
    deadman.turn(true, new Set(["iris"]));
    asked.length = 0;
    set(UNIT, { InvocationID: "2", NRestarts: 1 });
    deadman.turn(false);
    expect(asked).toEqual([[UNIT]]);
    deadman.turn(false);
    expect(asked).toHaveLength(1);
  });

  test("stops several agents with one call of systemctl", () => {
    const { host, calls, set, declare } = rig();
    for (const name of ["iris", "loom"]) declare(name);
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    for (const name of ["iris", "loom"])
      set(`muster-agent-${name}.service`, { InvocationID: "2", NRestarts: 5 });
    deadman.turn(true);
    expect(calls).toEqual([`stop --no-block -- ${UNIT} muster-agent-loom.service`]);
    expect(readQuarantine(host, UNIT)).toBeDefined();
  });

  test("restarts a failed service up to the limit, even if the deadman itself restarts, and then quarantines the service", () => {
    const { host, calls, set, declareService, reported } = rig();
    declareService("cache");
    const fail = (run: string) =>
      set("cache.service", {
        ActiveState: "failed",
        SubState: "failed",
        Result: "exit-code",
        InvocationID: run,
      });
    for (const run of ["1", "2", "3", "4"]) {
      fail(run);
      // Each deadman begins one interval after the previous one, with the state that the previous one has written.
      const deadman = deadmanOf(host, "boot 1");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
      deadman.turn(true);
      expect(readView(host)?.services).toMatchObject([{ unit: "cache.service", health: "unhealthy" }]);
      expect(readView(host)?.agents).toEqual({});
    }
    const again = ["reset-failed -- cache.service", "restart --no-block -- cache.service"];
    expect(calls).toEqual([...again, ...again, "stop --no-block -- cache.service"]);
    expect(readQuarantine(host, "cache.service")?.reason).toBe("2 restarts within 60 min");
    expect(reported().filter((one) => one.startsWith("cache "))).toEqual([
      "cache unhealthy",
      "cache asked",
      "cache asked",
      "cache quarantined",
    ]);
  });

  test("reports when an agent is released from quarantine, and when the agent starts next", () => {
    const { host, calls, set, declare, reported } = rig();
    declare("iris");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    set(UNIT, { InvocationID: "2", NRestarts: 5 });
    deadman.turn(true);
    const ask = { op: "control", agent: "iris", unit: UNIT, by: "alice@desk" } as const;
    expect(() => control(host, { ...ask, verb: "start" })).toThrow("npx fleet release iris");
    set(UNIT, { InvocationID: "3" });
    control(host, { ...ask, verb: "release" });
    expect(calls.at(-1)).toBe(`start --no-block -- ${UNIT}`);
    deadman.turn(true);
    deadman.turn(true);
    expect(readQuarantine(host, UNIT)).toBeUndefined();
    expect(reported().slice(-2)).toEqual(["iris released", "iris started"]);
    expect(() => control(host, { ...ask, verb: "release" })).toThrow("it is not in quarantine");
  });

  test("does not start a paused agent after a boot, and reports who has paused and resumed the agent", () => {
    const { host, calls, set, declare, reported } = rig();
    declare("iris");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    const ask = { op: "control", agent: "iris", unit: UNIT, by: "alice@desk" } as const;
    set(UNIT, { ActiveState: "inactive", SubState: "dead" });
    expect(control(host, { ...ask, verb: "pause" })).toEqual({ changed: true });
    expect(control(host, { ...ask, verb: "pause" })).toEqual({ changed: false });
    for (const verb of ["start", "restart", "release"] as const)
      expect(() => control(host, { ...ask, verb })).toThrow(
        /paused by alice@desk .* `npx fleet resume iris`/,
      );
    set(UNIT, { InvocationID: "2" });
    calls.length = 0;
    deadmanOf(host, "boot 2").turn(true);
    expect(calls).toEqual([`stop --no-block -- ${UNIT}`]);
    expect(control(host, { ...ask, verb: "resume", by: "bob@desk" })).toEqual({ changed: true });
    expect(control(host, { ...ask, verb: "resume" })).toEqual({ changed: false });
    const details = history(host, { op: "history", last: 100 }).events.map(({ event, detail }) => [
      event,
      detail,
    ]);
    expect(details).toContainEqual(["paused", "by alice@desk"]);
    expect(details).toContainEqual(["resumed", "by bob@desk"]);
    expect(reported()).not.toContain("iris quarantined");
  });

  test("parks an agent whose records show that its account is used up, until a person resumes it", () => {
    const { host, calls, set, declare, reported } = rig();
    declare("iris");
    const at = Date.now() - 1000;
    const refusal = { kind: "window", at, until: at + 3_600_000, text: "no more" } as const;
    writeUsageFile(host, "iris", { state: NEW_STATE, days: {} }, { refusal }, new Date());
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    expect(calls).toEqual([`stop --no-block -- ${UNIT}`]);
    expect(readPause(host, UNIT)?.park).toMatchObject({ account: "of iris", kind: "window" });
    set(UNIT, { ActiveState: "inactive", SubState: "dead" });
    deadman.turn(true);
    const ask = { op: "control", agent: "iris", unit: UNIT, by: "alice@desk" } as const;
    for (const verb of ["start", "restart"] as const)
      expect(() => control(host, { ...ask, verb })).toThrow(/parked since .* `npx fleet resume iris`/);
    expect(control(host, { ...ask, verb: "stop" })).toEqual({ changed: true });
    expect(readPause(host, UNIT)).toBeUndefined();
    deadmanOf(host, "boot 1").turn(true);
    expect(reported()).toContain("iris parked");
  });

  test("stops the jobs of an agent while its budget for jobs is used up", () => {
    const { host, declare } = rig();
    declare("iris");
    const budget = { name: "b", agents: ["iris"], per: "day", tokens: 10, warn: 80, onUsedUp: "pause-jobs" };
    writeOwn(limitsFile(host.paths.hostd), JSON.stringify({ accounts: {}, budgets: [budget] }));
    const now = new Date();
    const days = { [now.toISOString().slice(0, 10)]: { m: [10, 0, 0, 0, 1, 0, 1] as const } };
    writeUsageFile(host, "iris", { state: NEW_STATE, days }, {}, now);
    deadmanOf(host, "boot 1").turn(true);
    expect(holdReason(host, { job: "retro", agent: "iris" })).toBe("a budget of iris is used up");
    writeUsageFile(host, "iris", { state: NEW_STATE, days: {} }, {}, now);
    deadmanOf(host, "boot 1").turn(true);
    expect(holdReason(host, { job: "retro", agent: "iris" })).toBe("");
  });

  test("pauses an agent when the agent is idle, even if the agent has restarted in the meantime", () => {
    const { host, calls, set, declare } = rig();
    declare("iris");
    mkdirSync(host.paths.units, { recursive: true });
    writeFileSync(join(host.paths.units, "muster-hostd.service"), "");
    const ask = { op: "control", verb: "pause", agent: "iris", unit: UNIT, by: "alice@desk" } as const;
    expect(() => control(host, { ...ask, within: 60 })).toThrow("the deadman of its host does not run");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    expect(control(host, { ...ask, within: 60 })).toEqual({ changed: true, isDeferred: true });
    expect(readPause(host, UNIT)).toBeUndefined();
    set(UNIT, { InvocationID: "2", NRestarts: 1 });
    deadman.turn(true);
    expect(calls.at(-1)).toBe(`stop --no-block -- ${UNIT}`);
    expect(readPause(host, UNIT)?.by).toBe("alice@desk");
    expect(readPendingPause(host, UNIT)).toBeUndefined();
  });

  test("restarts an agent on request when the agent is idle", () => {
    const { host, calls, declare } = rig();
    declare("iris");
    mkdirSync(host.paths.units, { recursive: true });
    writeFileSync(join(host.paths.units, "muster-hostd.service"), "");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    const ask = { op: "control", verb: "restart", agent: "iris", unit: UNIT, by: "alice@desk" } as const;
    expect(control(host, { ...ask, within: 60 })).toEqual({ changed: true, isDeferred: true });
    expect(readDeferredRestart(host, UNIT)).toMatchObject({ by: "alice@desk", within: 60 });
    deadman.turn(true);
    expect(calls.at(-1)).toBe(`try-restart --no-block -- ${UNIT}`);
  });

  test("keeps a hold in effect if its file has the former name, and renames this file", () => {
    const { host, declare, reported } = rig();
    declare("iris");
    writeFileSync(join(host.paths.hostd, "pause-iris"), "");
    deadmanOf(host, "boot 1").turn(true);
    expect(readView(host)?.agents["iris"]?.held).toBe(`held by ${host.paths.hostd}/hold-iris`);
    expect(existsSync(join(host.paths.hostd, "pause-iris"))).toBe(false);
    expect(reported()).toContain("iris held");
  });

  test("refuses to pause a service that has no health check", () => {
    const { host, set } = rig();
    set("cache.service", {});
    const unit = { kind: "unit", name: "cache.service", want: { enabled: "enabled" } } as const;
    writeRecord(host, { id: "hub/cache/service", type: "Service", owner: "a/b", items: { unit } });
    const ask = { op: "control", agent: "cache", isService: true, unit: "cache.service", by: "x" } as const;
    expect(() => control(host, { ...ask, verb: "pause" })).toThrow("it has no `health`");
  });

  test("performs a deferred restart once, and forgets the restart when the agent's next run begins", () => {
    const { host, calls, set, declare, reported } = rig();
    declare("iris");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    deferRestart(host, UNIT, { restart: "when-idle", within: 3600, run: "1", since: "2026-01-02T03:04:05Z" });
    // No agent has a program with a pane that could change, so every agent counts as idle.
    deadman.turn(true);
    expect(calls).toEqual([`try-restart --no-block -- ${UNIT}`]);
    expect(readDeferredRestart(host, UNIT)).toBeDefined();
    set(UNIT, { InvocationID: "2" });
    deadman.turn(true);
    deadman.turn(true);
    expect(readDeferredRestart(host, UNIT)).toBeUndefined();
    expect(calls).toHaveLength(1);
    expect(reported().slice(-2)).toEqual(["iris asked", "iris started"]);
  });

  test("does not restart an agent with the policy `never`, and forgets the deferred restart when the agent starts next", () => {
    const { host, calls, set, declare } = rig();
    declare("iris");
    const deadman = deadmanOf(host, "boot 1");
    deferRestart(host, UNIT, { restart: "never", within: 1, run: "1", since: "2026-01-02T03:04:05Z" });
    deadman.turn(true);
    expect([calls, readDeferredRestart(host, UNIT)?.restart]).toEqual([[], "never"]);
    set(UNIT, { InvocationID: "2" });
    deadman.turn(true);
    expect(readDeferredRestart(host, UNIT)).toBeUndefined();
  });

  describe("after a provider has failed", () => {
    /** Returns a host on which iris can run on nous, which has a closed port, and on google. */
    const failing = (rules: object = {}) => {
      const made = rig();
      const { host, set, declare } = made;
      const { unit, agent, ...policy } = policyOf("iris", {
        heartbeat: { by: "none", interval: 15, timeout: 45 },
      });
      const failover = {
        providers: ["nous", "google"],
        restart: "when-idle",
        deadline: 300,
        returnAfter: 60,
        ...rules,
      };
      declare("iris", JSON.stringify({ ...policy, failover }));
      const probe = { kind: "tcp", host: "127.0.0.1", port: 1, timeout: 1 };
      mkdirSync(join(host.paths.hostd, "providers"));
      writeFileSync(
        join(host.paths.hostd, "providers", "nous.json"),
        JSON.stringify({ probe, interval: 0.01, failures: 2, successes: 2 }),
      );
      mkdirSync(join(host.paths.hostd, "choices", "iris"), { recursive: true });
      writeFileSync(choiceFile("iris", "google", host.paths.hostd), "[Service]\n");
      const turns = async (deadman: ReturnType<typeof deadmanOf>, count = 4) => {
        for (let i = 0; i < count; i += 1) {
          deadman.turn(true);
          await setTimeout(40);
        }
      };
      const link = choiceLink(UNIT, "google", host.paths.units);
      const reloads = () => made.calls.filter((call) => call === "daemon-reload").length;
      return { ...made, turns, link, reloads, isRead: () => set(UNIT, { DropInPaths: link }) };
    };

    test("links the next provider's drop-in, reloads systemd once, and defers the restart", async () => {
      const { host, reloads, turns, link, isRead, reported } = failing();
      const deadman = deadmanOf(host, "boot 1");
      await turns(deadman);
      expect(readlinkSync(link)).toBe(choiceFile("iris", "google", host.paths.hostd));
      expect(reloads()).toBe(1);
      expect(readDeferredRestart(host, UNIT)).toMatchObject({ restart: "when-idle", within: 300, run: "1" });
      expect(reported().slice(0, 3)).toEqual([
        "host hostd-started",
        "host provider-down",
        "iris failed-over",
      ]);
      isRead();
      await turns(deadman);
      expect(reloads()).toBe(1);
    });

    test("completes the failover of a killed deadman that had linked the drop-in but not reloaded systemd", async () => {
      const { host, reloads, turns, link, isRead } = failing();
      linkOverride(host, UNIT, "google");
      const deadman = deadmanOf(host, "boot 1");
      await turns(deadman);
      expect(reloads()).toBe(1);
      expect(readDeferredRestart(host, UNIT)).toBeDefined();
      expect(existsSync(link)).toBe(true);
      isRead();
      await turns(deadmanOf(host, "boot 1"));
      expect(reloads()).toBe(1);
    });

    test("restarts a busy agent immediately if fleet.yaml says so", async () => {
      const { host, calls, turns, isRead } = failing({ restart: "now" });
      const deadman = deadmanOf(host, "boot 1");
      await turns(deadman, 3);
      isRead();
      await turns(deadman, 1);
      expect(calls).toEqual(["daemon-reload", `try-restart --no-block -- ${UNIT}`]);
    });
  });

  test("starts and stops only agents and declared services", () => {
    const { host, set } = rig();
    set("cache.service", { ActiveState: "inactive" });
    const ask = { op: "control", verb: "stop", agent: "iris", by: "" } as const;
    expect(() => control(host, { ...ask, unit: "ssh.service" })).toThrow("is not its unit");
    const service = { ...ask, agent: "cache", isService: true } as const;
    expect(() => control(host, { ...service, unit: "cache.service" })).toThrow("it is not on this host");
    const unit = {
      kind: "unit",
      name: "cache.service",
      want: { enabled: "enabled", overrides: "none" },
    } as const;
    writeRecord(host, { id: "hub/cache/service", type: "Service", owner: "a/b", items: { unit } });
    expect(() => control(host, { ...service, unit: "ssh.service" })).toThrow("is not its unit");
    expect(control(host, { ...service, unit: "cache.service" })).toEqual({ changed: false });
  });

  test("keeps working if its state file or one agent's policy is corrupt", () => {
    const { host, declare } = rig();
    declare("iris");
    declare("loom", "{");
    mkdirSync(host.paths.hostd, { recursive: true });
    writeFileSync(join(host.paths.hostd, "memory.json"), '{"clock": 12, "agen');
    deadmanOf(host, "boot 1").turn(true);
    expect(Object.keys(readView(host)?.agents ?? {})).toEqual(["iris"]);
    expect(JSON.parse(readFileSync(join(host.paths.hostd, "memory.json"), "utf8")).agents).toHaveProperty(
      "iris",
    );
  });

  test("forgets an agent that is no longer declared", () => {
    const { host, declare } = rig();
    declare("iris");
    const deadman = deadmanOf(host, "boot 1");
    deadman.turn(true);
    rmSync(join(host.paths.hostd, "agents", "iris.json"));
    deadman.turn(true);
    expect(readView(host)?.agents).toEqual({});
    expect(JSON.parse(readFileSync(join(host.paths.hostd, "memory.json"), "utf8")).agents).toEqual({});
  });

  test("reports whether the deadman itself was stopped or killed", () => {
    const { host } = rig();
    deadmanOf(host, "boot 1").end();
    deadmanOf(host, "boot 1").turn(true);
    deadmanOf(host, "boot 1");
    const { events } = history(host, { op: "history", last: 100 });
    expect(events.map(({ event, detail }) => [event, detail])).toEqual([
      ["hostd-started", undefined],
      ["hostd-started", undefined],
      ["hostd-started", "after it was killed or hung"],
    ]);
  });
});
