import { howItEnded, type JobStatus, jobService, jobTimer, parseJobWord } from "../../model/job.ts";
import type { JobsAnswer, JobsRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { isRunning, showProperties, type UnitState } from "../units/systemctl.ts";
import { holdReason } from "./hold-reason.ts";

const PROPERTIES = [
  "LoadState",
  "ActiveState",
  "Result",
  "ExecMainCode",
  "ExecMainStatus",
  "ExecMainStartTimestamp",
  "LastTriggerUSec",
  "NextElapseUSecRealtime",
];

/** Returns the status of jobs: when each job last ran, how that run ended, and when the job runs next. */
export function jobStatuses(host: Host, { words }: JobsRequest): JobsAnswer {
  const names = words.flatMap((word) => parseJobWord(word) ?? []);
  if (names.length !== words.length || words.length === 0) return { jobs: [] };
  const units = names.flatMap((name) => [jobTimer(name), jobService(name)]);
  const states = showProperties(host, units, PROPERTIES);
  return {
    jobs: names.map((name, i) => {
      const held = holdReason(host, name);
      const status = jobStatus(states[2 * i] ?? {}, states[2 * i + 1] ?? {});
      return { word: words[i] ?? "", ...status, ...(held !== "" && { held }) };
    }),
  };
}

/**
 * Returns the status of a job from its units' states in systemd. After a reboot, systemd knows when the job
 * last ran only if the job's timer catches up on missed runs.
 */
export function jobStatus(timer: UnitState, service: UnitState): Omit<JobStatus, "word" | "held"> {
  const isActive = isRunning(service);
  const started = timeOf(service["ExecMainStartTimestamp"]);
  const last = started ?? timeOf(timer["LastTriggerUSec"]);
  const next = timeOf(timer["NextElapseUSecRealtime"]);
  const isKnown = started !== undefined && !isActive;
  const { Result = "", ExecMainStatus = "", ExecMainCode } = service;
  const isEnded = Result === "success" && ExecMainCode === KILLED;
  const waits = isRunning(timer) ? "waiting" : "stopped";
  return {
    timer: timer["LoadState"] === "not-found" ? "absent" : waits,
    isRunning: isActive,
    ...(last !== undefined && { last }),
    ...(isKnown && { result: isEnded ? "ended" : howItEnded(Result, ExecMainStatus) }),
    ...(next !== undefined && { next }),
  };
}

/** Converts a time such as `Fri 2026-11-27 23:57:36 UTC` to ISO 8601; undefined if there is none. */
function timeOf(text = ""): string | undefined {
  const [, day, time] = /^\w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(text) ?? [];
  return day === undefined ? undefined : `${day}T${time}Z`;
}

/** CLD_KILLED of sigaction(2): a signal has ended the run. systemd can count such a run as a success. */
const KILLED = "2";
