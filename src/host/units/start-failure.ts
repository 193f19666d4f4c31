import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import type { UnitState } from "./systemctl.ts";

/** The error for a unit that systemd could not start. */
export function notStarted(host: Host, name: string, state: UnitState): MusterError {
  return new MusterError({
    what: `${name} did not start`,
    why: `it is ${state["ActiveState"]} (${state["SubState"]}); its journal ends: ${journalOf(host, name)}`,
    next: `See \`journalctl -u ${name}\` on the host.`,
  });
}

/** The error for a program that started and ended: its last lines, or that they are lost with its terminal. */
export function exitedAtOnce(host: Host, name: string): MusterError {
  const what = `${name} did not stay`;
  const words = ownWords(host, name);
  if (words !== "") {
    const why = `its program ended within a second of its start; its journal ends: ${inOneLine(words)}`;
    return new MusterError({ what, why, next: `See \`journalctl -u ${name}\` on the host.` });
  }
  return new MusterError({
    what,
    why: "its program ended within a second of its start, and so would end again and again.",
    next: "Start it by hand on the host, as its user, to see what it says; `npx fleet ssh HOST` logs in.",
  });
}

/**
 * The last lines of the unit's own programs; if there are none, those of systemd about the unit. A process that ends at
 * once is in the journal only under systemd's field.
 */
function journalOf(host: Host, name: string): string {
  return inOneLine(ownWords(host, name) || lastWords(host, `UNIT=${name}`) || "empty");
}

function ownWords(host: Host, name: string): string {
  // What it said last may still be on its way to the journal.
  host.run("journalctl", ["--sync"]);
  return lastWords(host, `_SYSTEMD_UNIT=${name}`);
}

function lastWords(host: Host, ...match: readonly string[]): string {
  return host.run("journalctl", ["--no-pager", "-q", "-o", "cat", "-n", "5", ...match]).stdout.trim();
}

function inOneLine(words: string): string {
  return words.split("\n").join(" / ");
}
