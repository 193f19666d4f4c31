import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { Lint } from "./lint.ts";

/** Refuses a schedule that systemd does not accept, because the job would have no timer. */
export const refusedSchedule: Lint = ({ jobs }) => {
  const refused = refusedTimes(Object.values(jobs).flatMap(({ schedule }) => schedule));
  return Object.values(jobs).flatMap(({ name, schedule }) =>
    schedule
      .filter((time) => refused.has(time))
      .map((time) => ({
        keys: ["jobs", name, "schedule"],
        sentence: `"${time}" is not a time that systemd accepts: check it with \`systemd-analyze calendar\`, and see systemd.time(7)`,
      })),
  );
};

/** The systemd program that checks times. Some machines do not have it. */
const PROGRAM = "/usr/bin/systemd-analyze";

/** The maximum time in milliseconds to wait for the program, which usually ends within a few milliseconds. */
const TIMEOUT = 5000;

/**
 * Returns the times that systemd does not accept. On a machine without systemd, this function accepts all times, and
 * each host checks its times during `up`. The program is not started through a shell.
 */
export function refusedTimes(times: readonly string[], program = PROGRAM): ReadonlySet<string> {
  if (times.length === 0 || !existsSync(program)) return new Set();
  const { status, stderr } = spawnSync(program, ["calendar", "--", ...new Set(times)], {
    encoding: "utf8",
    env: { LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: TIMEOUT,
  });
  if (status === 0 || status === null) return new Set();
  return new Set(times.filter((time) => stderr.includes(`'${time}'`)));
}
