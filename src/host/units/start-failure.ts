import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import { endOf, type LastRun, readLastRun } from "./last-run.ts";
import type { UnitState } from "./systemctl.ts";

/** Builds the error for a unit that systemd could not start. */
export function notStarted(host: Host, name: string, state: UnitState): MusterError {
  const last = readLastRun(name);
  if (last !== undefined) return agentExited(`${name} did not start`, last);
  return new MusterError({
    what: `${name} did not start`,
    why:
      `it is ${state["ActiveState"]} (${state["SubState"]}); ` +
      `its journal ends with: ${journalOf(host, name)}`,
    next: `See \`journalctl -u ${name}\` on the host.`,
  });
}

/**
 * Builds the error for a unit if its program exited soon after the start. Quotes the last output of an agent's
 * program, or the end of the journal of any other unit.
 */
export function exitedAtOnce(host: Host, name: string): MusterError {
  const what = `${name} did not keep running`;
  const last = readLastRun(name);
  if (last !== undefined) return agentExited(what, last);
  const output = outputOf(host, name);
  if (output !== "") {
    const end = inOneLine(output);
    const why = `its program exited within a second of its start; its journal ends with: ${end}`;
    return new MusterError({ what, why, next: `See \`journalctl -u ${name}\` on the host.` });
  }
  return new MusterError({
    what,
    why: "its program exited within a second of its start and would do so at every restart.",
    next: BY_HAND,
  });
}

const BY_HAND =
  "Start the program by hand on the host, as its user, to see its output; `npx fleet ssh HOST` logs in.";

function agentExited(what: string, last: LastRun): MusterError {
  const output =
    last.lines.length === 0 ? "it wrote nothing" : `its last output was: ${last.lines.join(" / ")}`;
  const foreground = "If it continues in the background, start it so that it stays in the foreground.";
  return new MusterError({
    what,
    why: `its program exited within a second of its start, ${endOf(last)}; ${output}`,
    next: last.status === 0 ? foreground : BY_HAND,
  });
}

/**
 * Returns the last journal lines of the unit's own programs or, if there are none, the last lines that systemd wrote
 * about the unit. If a process exits immediately after its start, the journal might not know to which unit its lines
 * belong.
 */
function journalOf(host: Host, name: string): string {
  return inOneLine(outputOf(host, name) || lastLines(host, `UNIT=${name}`) || "empty");
}

function outputOf(host: Host, name: string): string {
  // Without this command, the journal might not contain the last lines yet.
  host.run("journalctl", ["--sync"]);
  return lastLines(host, `_SYSTEMD_UNIT=${name}`);
}

function lastLines(host: Host, ...match: readonly string[]): string {
  const args = ["--no-pager", "-q", "-o", "cat", "-n", "20", ...match];
  const lines = host.run("journalctl", args).stdout.trim().split("\n");
  return lines
    .filter((line) => !NOISE.test(line))
    .slice(-5)
    .join("\n");
}

/** A message of tmux's helper utempter, which has no rights in an agent's unit and needs none. */
const NOISE = /pututline: Permission denied/;

function inOneLine(text: string): string {
  return text.split("\n").join(" / ");
}
