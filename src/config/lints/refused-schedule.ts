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

/** The systemd program that checks times. Not every machine has it. */
const PROGRAM = "/usr/bin/systemd-analyze";

/** Milliseconds to wait for the program, which usually answers within a few. */
const TIMEOUT = 5000;

/**
 * Returns the times that systemd does not accept. On a machine without systemd nothing is refused here; each
 * host then checks the times during `up`. No shell is involved.
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
