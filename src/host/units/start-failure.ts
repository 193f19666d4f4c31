import { MusterError } from "../../base/errors.ts";
import type { Host } from "../context.ts";
import type { UnitState } from "./systemctl.ts";

/** What is to be said of a unit that systemd did not get to run. */
export function notStarted(host: Host, name: string, state: UnitState): MusterError {
  return new MusterError({
    what: `${name} did not start`,
    why: `it is ${state["ActiveState"]} (${state["SubState"]}); its journal ends: ${journalOf(host, name)}`,
    next: `See \`journalctl -u ${name}\` on the host.`,
  });
}

/** What is to be said of a program that was started and ended: its last words, or that they went with its terminal. */
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
 * What the unit's own programs said last; where they said nothing, what systemd said of it, which includes what it said
 * on the way to the program: a process that is gone at once the journal knows by that field alone.
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
