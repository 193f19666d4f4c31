import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** systemd's own reader of times, where this machine has it. */
const PROGRAM = "/usr/bin/systemd-analyze";

/** Milliseconds; it answers in a few. */
const PATIENCE = 5000;

/**
 * Which of these times systemd would not take. Where this machine has no systemd nothing is known, and each host tells
 * at `up`. Nothing of a time is read by a shell.
 */
export function refusedTimes(times: readonly string[], program = PROGRAM): ReadonlySet<string> {
  if (times.length === 0 || !existsSync(program)) return new Set();
  const { status, stderr } = spawnSync(program, ["calendar", "--", ...new Set(times)], {
    encoding: "utf8",
    env: { LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: PATIENCE,
  });
  if (status === 0 || status === null) return new Set();
  return new Set(times.filter((time) => stderr.includes(`'${time}'`)));
}
