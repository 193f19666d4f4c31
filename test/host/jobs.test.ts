import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { jobStatus, jobStatuses } from "../../src/host/jobs/job-status.ts";
import { jobHandlersOf, retryTimer } from "../../src/host/jobs/retries.ts";
import { handleJob } from "../../src/host/jobs/retry-or-replace-job.ts";
import { timer } from "../../src/host/kinds/timer.ts";
import { history } from "../../src/host/reports/history.ts";
import { requestContext } from "../../src/host/request-context.ts";
import type { ProgramResult } from "../../src/host/system/run-program.ts";
import type { TimerItem } from "../../src/model/items.ts";
import { howItEnded, jobWord, parseJobWord } from "../../src/model/job.ts";
import { IRIS, makeWorld } from "./world.ts";

const SERVICE = "muster-job-iris.retro.service";

/** Returns a host with a job that may be retried twice, and with a fake systemd that records its calls. */
function hostWithJob(said: Partial<ProgramResult> = {}, planned: Partial<ProgramResult> = {}) {
  const calls: string[][] = [];
  const answerOf = (program: string, args: readonly string[]) =>
    program === "systemd-run" ? planned : args.includes("show") ? said : {};
  const { host, dir } = makeWorld([IRIS], (program, args) => {
    calls.push([program, ...args]);
    if (program === "flock") calls.pop();
    return { status: 0, stdout: "", stderr: "", ...answerOf(program, args) };
  });
  mkdirSync(host.paths.units);
  writeFileSync(join(host.paths.units, SERVICE), "[Unit]\nX-Muster-Retry=2 300\n[Service]\nType=oneshot\n");
  const reported = () =>
    history(host, { op: "history", last: 9 }).events.map(({ time: _, ...event }) => event);
  const started = () => calls.filter(([program]) => program === "systemd-run");
  return { host, dir, calls, reported, started };
}

const FAILED = "Result=exit-code\nExecMainStatus=3\nInvocationID=aa\n";
const tries = (dir: string) => join(dir, "scratch/muster.jobs", SERVICE);

afterEach(() => vi.unstubAllEnvs());

describe("a job's name in unit names and commands", () => {
  test.each([
    [{ job: "retro", agent: "iris" }, "iris.retro"],
    [{ job: "retro" }, "retro"],
    [{ job: "b-c", agent: "a" }, "a.b-c"],
  ])("contains the job's agent, and can be parsed: %j", (name, word) => {
    expect(jobWord(name)).toBe(word);
    expect(parseJobWord(word)).toEqual(name);
  });

  test.each(["", ".", "a.", ".a", "a.b.c", "A", "../x", "a b", "iris.retro\n", "a/b", `${"a".repeat(40)}`])(
    "is never %j",
    (word) => expect(parseJobWord(word)).toBeUndefined(),
  );
});

describe("a failed job", () => {
  test("is recorded with its result, and systemd retries the job if fleet.yaml says so", () => {
    const { host, reported, started, dir } = hostWithJob({ stdout: FAILED });
    expect(handleJob(host, ["failed", "iris.retro"])).toBe(0);
    expect(reported()).toEqual([
      { event: "job-failed", job: "retro", agent: "iris", detail: "exit code 3, trying again in 300 s" },
    ]);
    expect(started()).toHaveLength(1);
    expect(started()[0]).toEqual(
      expect.arrayContaining([
        "--on-active=300",
        "--unit=muster-retry-iris.retro",
        SERVICE,
        "aa",
        tries(dir),
      ]),
    );
  });

  test("is no longer retried after the declared number of tries, and a scheduled run resets the count", () => {
    const { host, reported, started, dir } = hostWithJob({ stdout: FAILED });
    const fail = () => handleJob(host, ["failed", "iris.retro"]);
    const begin = () => writeFileSync(tries(dir), "begun\n", { flag: "a" });
    fail();
    begin();
    fail();
    begin();
    fail();
    expect(reported().map(({ detail }) => detail)).toEqual([
      "exit code 3, trying again in 300 s",
      "exit code 3, trying again in 300 s",
      "exit code 3, gave up after 3 attempts",
    ]);
    expect(started()).toHaveLength(2);
    fail();
    fail();
    expect(started()).toHaveLength(4);
  });

  test("is recorded with the reason if systemd cannot retry the job", () => {
    const { host, reported } = hostWithJob(
      { stdout: FAILED },
      { status: 1, stderr: "Unit is \u001b[1mloaded\n" },
    );
    handleJob(host, ["failed", "iris.retro"]);
    expect(reported()[0]?.detail).toBe("exit code 3, not trying again: Unit is \\u001b[1mloaded");
  });

  test("is described from the environment that systemd passes, because the next run might already have begun", () => {
    const { host, reported } = hostWithJob({ stdout: "Result=success\nExecMainStatus=0\nInvocationID=bb\n" });
    vi.stubEnv("MONITOR_SERVICE_RESULT", "timeout");
    vi.stubEnv("MONITOR_EXIT_STATUS", "TERM");
    handleJob(host, ["failed", "tidy"]);
    expect(reported()).toEqual([{ event: "job-failed", job: "tidy", detail: "not done in time" }]);
  });

  test("cannot fill the history that other jobs share, even if it fails very often", () => {
    const { host } = hostWithJob({ stdout: FAILED });
    for (let i = 0; i < 100; i += 1) handleJob(host, ["failed", `iris.job-${i}`]);
    handleJob(host, ["failed", "loom.retro"]);
    handleJob(host, ["failed", "tidy"]);
    const { events } = history(host, { op: "history", last: 999 });
    expect(events.filter(({ agent }) => agent === "iris")).toHaveLength(61);
    expect(events.slice(60).map(({ event, agent }) => [event, agent])).toEqual([
      ["flood", "iris"],
      ["job-failed", "loom"],
      ["job-failed", undefined],
    ]);
  });

  test.each([["failed"], ["failed", "../x"], ["failed", "a", "b"], ["remove", "a"], []])(
    "is recorded only by the arguments `failed NAME`, and not by %j",
    (...words) => {
      const { host, reported } = hostWithJob({ stdout: FAILED });
      expect(handleJob(host, words)).toBe(2);
      expect(reported()).toEqual([]);
    },
  );

  test.each([
    ["success", "0", "ok"],
    ["exit-code", "127", "exit code 127"],
    ["signal", "KILL", "ended by signal KILL"],
    ["oom-kill", "9", "out of memory"],
    ["resources", "", "resources"],
  ])("with the result %s and the status %s is reported as %j", (result, status, words) =>
    expect(howItEnded(result, status)).toBe(words),
  );
});

describe("a job that replaces its current run", () => {
  test("is started again, but not while its agent is held", () => {
    const { host, calls } = hostWithJob();
    handleJob(host, ["replace", "iris.retro"]);
    expect(calls).toEqual([["systemctl", "restart", "--no-block", "--", SERVICE]]);
    mkdirSync(host.paths.hostd, { recursive: true });
    writeFileSync(join(host.paths.hostd, "hold-iris"), "");
    handleJob(host, ["replace", "iris.retro"]);
    handleJob(host, ["replace", "loom.retro"]);
    expect(calls.map((call) => call.at(-1))).toEqual([SERVICE, "muster-job-loom.retro.service"]);
  });
});

describe("a removed job", () => {
  const JOB: TimerItem = {
    kind: "timer",
    name: "muster-job-iris.retro.timer",
    service: SERVICE,
    schedule: "daily",
    want: { enabled: "enabled", active: "running", overrides: "none" },
  };

  test.each([retryTimer(SERVICE), ...jobHandlersOf(SERVICE)])(
    "does not run again, even if the active unit %s would start it",
    (starter) => {
      const running = new Set([JOB.name, SERVICE, starter]);
      const { host } = makeWorld([IRIS], (program, args) => {
        const units = args.slice(args.indexOf("--") + 1);
        if (program === "systemctl" && args[0] === "stop") {
          for (const unit of units) running.delete(unit);
          // A starter that is still active when systemctl returns starts another run.
          if (running.has(starter)) running.add(SERVICE);
        }
        const blocks = units.map((unit) => `ActiveState=${running.has(unit) ? "active" : "inactive"}`);
        return { status: 0, stdout: args[0] === "show" ? blocks.join("\n\n") : "", stderr: "" };
      });
      timer.removeAll?.(requestContext(host), [{ item: JOB }]);
      expect([...running]).toEqual([]);
    },
  );
});

describe("a job's status", () => {
  const timer = {
    LoadState: "loaded",
    ActiveState: "active",
    NextElapseUSecRealtime: "Sat 2026-11-28 03:00:00 UTC",
    LastTriggerUSec: "Fri 2026-11-27 03:00:00 UTC",
  };
  const ran = { ActiveState: "inactive", ExecMainStartTimestamp: "Fri 2026-11-27 03:00:01 UTC" };

  test("shows its last run with the result, and the next run", () => {
    expect(jobStatus(timer, { ...ran, Result: "exit-code", ExecMainStatus: "3" })).toEqual({
      timer: "waiting",
      isRunning: false,
      last: "2026-11-27T03:00:01Z",
      result: "exit code 3",
      next: "2026-11-28T03:00:00Z",
    });
    expect(
      jobStatus(timer, { ...ran, Result: "success", ExecMainCode: "2", ExecMainStatus: "15" }).result,
    ).toBe("ended");
  });

  test("omits the values that systemd does not know during a run, after a reboot, or without a timer", () => {
    expect(jobStatus(timer, { ...ran, ActiveState: "activating" })).not.toHaveProperty("result");
    const booted = jobStatus(timer, {
      ActiveState: "inactive",
      Result: "success",
      ExecMainStartTimestamp: "",
    });
    expect(booted).toMatchObject({ last: "2026-11-27T03:00:00Z" });
    expect(booted).not.toHaveProperty("result");
    expect(jobStatus({ LoadState: "not-found", NextElapseUSecRealtime: "n/a" }, {})).toEqual({
      timer: "absent",
      isRunning: false,
    });
  });

  test("is read for all jobs with one query to systemd that names only job units", () => {
    const { host, calls } = hostWithJob({ stdout: "ActiveState=active\n\nActiveState=inactive\n" });
    expect(jobStatuses(host, { op: "jobs", words: ["iris.retro"] }).jobs).toMatchObject([
      { word: "iris.retro", timer: "waiting" },
    ]);
    expect(calls).toHaveLength(1);
    expect(jobStatuses(host, { op: "jobs", words: ["iris.retro", "ssh/../x"] })).toEqual({ jobs: [] });
    expect(calls).toHaveLength(1);
  });
});
