import type { Host } from "../context.ts";
import { hold } from "../quarantine.ts";
import { reasonOf } from "../reason.ts";
import { systemctl } from "../systemctl.ts";
import type { Action } from "./turn.ts";

/** Does what was decided. systemd alone starts anything: what runs it is told to end, or to start anew. */
export function obey(host: Host, { act, unit, reason }: Action): void {
  // The mark first: whatever ends us now, the unit is not started at the next boot.
  if (act === "hold") attempt(`${unit} cannot be marked`, () => hold(host, unit, reason));
  attempt(`${unit} cannot be stopped`, () => {
    if (act === "restart") systemctl(host, "try-restart", "--no-block", "--", unit);
    else if (act === "revive") revive(host, unit);
    else if (act === "kill") systemctl(host, "kill", "--signal=SIGKILL", "--", unit);
    else systemctl(host, "stop", "--no-block", "--", unit);
  });
}

/** What failed too often for systemd is not started before that is forgotten. */
function revive(host: Host, unit: string): void {
  host.run("systemctl", ["reset-failed", "--", unit]);
  systemctl(host, "restart", "--no-block", "--", unit);
}

/** What fails for one agent keeps nobody from the others; it is told in the journal. */
export function attempt(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    process.stderr.write(`${what}: ${reasonOf(error)}\n`);
  }
}
