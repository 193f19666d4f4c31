import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import type { UnitState } from "./systemctl.ts";

/** Builds the error for a unit that systemd could not start. */
export function notStarted(host: Host, name: string, state: UnitState): MusterError {
  return new MusterError({
    what: `${name} did not start`,
    why:
      `it is ${state["ActiveState"]} (${state["SubState"]}); ` +
      `its journal ends with: ${journalOf(host, name)}`,
    next: `See \`journalctl -u ${name}\` on the host.`,
  });
}

/**
 * Builds the error for a unit whose program exited soon after its start. Quotes the program's last lines in
 * the journal, if there are any.
 */
export function exitedAtOnce(host: Host, name: string): MusterError {
  const what = `${name} did not keep running`;
  const output = outputOf(host, name);
  if (output !== "") {
    const end = inOneLine(output);
    const why = `its program exited within a second of its start; its journal ends with: ${end}`;
    return new MusterError({ what, why, next: `See \`journalctl -u ${name}\` on the host.` });
  }
  return new MusterError({
    what,
    why: "its program exited within a second of its start and would do so at every restart.",
    next: "Start the program by hand on the host, as its user, to see its output; `npx fleet ssh HOST` logs in.",
  });
}

/**
 * Returns the last journal lines of the unit's own programs or, if there are none, what systemd last wrote
 * about the unit. If a process exits at once, the journal may not know to which unit its lines belong.
 */
function journalOf(host: Host, name: string): string {
  return inOneLine(outputOf(host, name) || lastLines(host, `UNIT=${name}`) || "empty");
}

function outputOf(host: Host, name: string): string {
  // The last lines may not have reached the journal yet.
  host.run("journalctl", ["--sync"]);
  return lastLines(host, `_SYSTEMD_UNIT=${name}`);
}

function lastLines(host: Host, ...match: readonly string[]): string {
  return host.run("journalctl", ["--no-pager", "-q", "-o", "cat", "-n", "5", ...match]).stdout.trim();
}

function inOneLine(text: string): string {
  return text.split("\n").join(" / ");
}
