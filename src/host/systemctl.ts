import { MusterError } from "../base/errors.ts";
import type { Host } from "./context.ts";
import { pause } from "./reason.ts";

/** What systemd says of one unit, by property name. */
export type UnitState = Readonly<Record<string, string>>;

export const UNIT_PROPERTIES = [
  "LoadState",
  "ActiveState",
  "SubState",
  "UnitFileState",
  "DropInPaths",
  "Job",
  "MainPID",
  "NRestarts",
  "StatusText",
  "StateChangeTimestampMonotonic",
];

/** Asks systemd about many units at once. @returns their states in the order asked */
export function showUnits(host: Host, units: readonly string[]): UnitState[] {
  if (units.length === 0) return [];
  const states = show(host, units);
  // `show` tells what systemd read last, which a link that was removed by hand does not change.
  const enabled = readEnabled(host, units);
  return states.map((state, i) => ({ ...state, UnitFileState: enabled[i] ?? "" }));
}

/** Whether units are enabled, as their files and links are now; empty for a unit without a file. */
function readEnabled(host: Host, units: readonly string[]): string[] {
  const told: string[] = [];
  while (told.length < units.length) {
    const { stdout } = host.run("systemctl", ["is-enabled", "--", ...units.slice(told.length)]);
    const lines = stdout.split("\n").filter((line) => line !== "");
    told.push(...lines.map((line) => (line === "not-found" ? "" : line)));
    // It stops at a unit whose file it cannot read; newer ones say "not-found" and go on.
    if (told.length < units.length) told.push("");
  }
  return told;
}

function show(host: Host, units: readonly string[]): UnitState[] {
  const { status, stdout, stderr } = host.run("systemctl", [
    "show",
    `--property=${UNIT_PROPERTIES.join(",")}`,
    "--",
    ...units,
  ]);
  const states = parseShow(stdout);
  if (status === 0 && states.length === units.length) return states;
  throw new MusterError({
    what: "systemctl show",
    why: stderr.trim() || "systemd did not tell of every unit",
  });
}

/** The blocks of `systemctl show`, one a unit. */
export function parseShow(text: string): UnitState[] {
  return text
    .split(/\n\n+/)
    .filter((block) => block.trim() !== "")
    .map((block) => Object.fromEntries(block.split("\n").map(property)));
}

/** Runs systemctl; throws with what it said where it fails. */
export function systemctl(host: Host, ...args: readonly string[]): void {
  const { status, stderr } = host.run("systemctl", args);
  if (status === 0) return;
  throw new MusterError({
    what: `systemctl ${args.join(" ")}`,
    why: stderr.trim() || `it ended with ${status}`,
  });
}

/** Whether a unit runs or is on the way there: `activating` and auto-restart are health, not drift. */
export function isRunning(state: UnitState | undefined): boolean {
  return ["active", "activating", "reloading"].includes(state?.["ActiveState"] ?? "");
}

/** Looks again and again, a little less often each time. @returns the last state, wanted or not, after `seconds` */
export function waitForUnit(
  host: Host,
  unit: string,
  seconds: number,
  isDone: (state: UnitState) => boolean,
): UnitState {
  const deadline = Date.now() + seconds * 1000;
  for (let wait = 10; ; wait = Math.min(wait * 2, 500)) {
    const [state = {}] = show(host, [unit]);
    if (isDone(state) || Date.now() > deadline) return state;
    pause(wait);
  }
}

function property(line: string): [string, string] {
  const cut = line.indexOf("=");
  return [line.slice(0, cut), line.slice(cut + 1)];
}
