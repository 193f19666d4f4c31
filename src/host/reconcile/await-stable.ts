import { setTimeout } from "node:timers/promises";
import type { MusterError } from "../../base/errors.ts";
import { isAgentUnit } from "../../model/host-paths.ts";
import { canChangePart, partOf } from "../../model/parts.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { exitedAtOnce } from "../units/start-failure.ts";
import { showProperties, type UnitState } from "../units/systemctl.ts";
import { isStray } from "../units/tmux-pane.ts";

/** Milliseconds for which a program must run. If it exits sooner, its start counts as failed. */
const MIN_RUN = 1000;

/** Milliseconds within which systemd restarts a unit: the RestartSec= of an agent's unit, plus a margin. */
const RESTART_TIME = 700;

const PROPERTIES = [
  "ActiveState",
  "SubState",
  "InvocationID",
  "MainPID",
  "ActiveEnterTimestampMonotonic",
  "ActiveExitTimestampMonotonic",
  "Restart",
];

/**
 * Delays an answer until the units that were started for it have run for a second. Other requests are
 * answered meanwhile.
 *
 * @throws MusterError, in the promise, if a unit has exited
 */
export function awaitStable<A>(host: Host, units: readonly string[], answer: A): A | Promise<A> {
  const lost = (_: string, error: MusterError): never => {
    throw error;
  };
  const [later] = awaitAllStable(host, [{ units, answer, lost }]);
  return later as A | Promise<A>;
}

/**
 * An answer that is delayed until its units are stable. If one of the units exits, the result of `lost`
 * replaces the answer.
 */
export interface StableAnswer<A> {
  readonly units: readonly string[];
  readonly answer: A;
  readonly lost: (unit: string, error: MusterError) => A;
}

/** Like `awaitStable`, but for many answers. Waits for all of their units together. */
export function awaitAllStable<A>(host: Host, all: readonly StableAnswer<A>[]): (A | Promise<A>)[] {
  const runs = newRuns(
    host,
    all.flatMap(({ units }) => units),
  );
  const lost = runs.length === 0 ? undefined : exitedAmong(host, runs);
  return all.map(({ units, answer, lost: onLost }) => {
    const isNew = runs.some(({ unit }) => units.includes(unit));
    if (lost === undefined || !isNew) return answer;
    return lost.then((names) => {
      const name = units.find((unit) => names.has(unit));
      return name === undefined ? answer : onLost(name, exitedAtOnce(host, name));
    });
  });
}

/** Returns the agents' and services' units that a change may have started, except those of failed parts. */
export function unitsStarted(
  { type, items }: ConvergeRequest,
  { changed, failures = [] }: ConvergeAnswer,
): string[] {
  if (changed.length === 0) return [];
  const failed = new Set(failures.map(({ part }) => part));
  const isSettling = (unit: string) => type === "Service" || isAgentUnit(unit);
  return Object.entries(items).flatMap(([name, item]) =>
    item.kind === "unit" &&
    item.want.active === "running" &&
    isSettling(item.name) &&
    canChangePart(partOf(name), failed)
      ? [item.name]
      : [],
  );
}

interface Run {
  readonly unit: string;
  readonly id: string;
  /** Milliseconds for which the run must still continue. */
  readonly left: number;
}

/** Finds the runs that started less than a second ago. */
function newRuns(host: Host, units: readonly string[]): Run[] {
  if (units.length === 0) return [];
  const states = showProperties(host, units, PROPERTIES);
  return units.flatMap((unit, i) => newRun(unit, states[i] ?? {}));
}

/** Returns a unit's run if it is new. A unit that does not restart counts only if its run has failed. */
function newRun(unit: string, state: UnitState): Run[] {
  if (state["Restart"] === "no" && state["ActiveState"] !== "failed") return [];
  const end =
    state["ActiveState"] === "active"
      ? Number(process.hrtime.bigint() / 1000n)
      : Number(state["ActiveExitTimestampMonotonic"] ?? 0);
  const left = MIN_RUN - (end - Number(state["ActiveEnterTimestampMonotonic"] ?? 0)) / 1000;
  return left > 0 ? [{ unit, id: state["InvocationID"] ?? "", left }] : [];
}

/** Finds the units that exit twice in a row. A single exit may be bad luck, for example on a busy host. */
async function exitedAmong(host: Host, runs: readonly Run[]): Promise<ReadonlySet<string>> {
  const ended = await endedOf(host, runs);
  if (ended.length === 0) return new Set();
  await setTimeout(RESTART_TIME);
  const units = ended.map(({ unit }) => unit);
  const next = showProperties(host, units, PROPERTIES).map((state, i): Run => {
    return { unit: units[i] ?? "", id: state["InvocationID"] ?? "", left: MIN_RUN };
  });
  const lost = await endedOf(host, next);
  return new Set(lost.map(({ unit }) => unit));
}

/**
 * Waits until every run has had enough time to show that it is stable.
 *
 * @param runs at least one
 * @returns the runs that have ended
 */
async function endedOf(host: Host, runs: readonly Run[]): Promise<Run[]> {
  await setTimeout(Math.max(...runs.map(({ left }) => left)));
  const states = showProperties(
    host,
    runs.map(({ unit }) => unit),
    PROPERTIES,
  );
  return runs.filter(({ unit, id }, i) => {
    const state = states[i] ?? {};
    return state["InvocationID"] !== id || !keepsRunning(unit, state);
  });
}

/** Whether a unit still runs. A unit that is still starting, as on a busy host, counts as running. */
function keepsRunning(unit: string, { ActiveState, SubState, MainPID }: UnitState): boolean {
  if (ActiveState !== "active") return SubState === "start";
  return !isAgentUnit(unit) || !isStray(Number(MainPID));
}
