import { lstatSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { MusterError } from "../../base/errors.ts";
import { canChangePart, partOf } from "../../model/agent-parts.ts";
import { agentOfUnit, endedFile, isAgentUnit, startedFile } from "../../model/host-paths.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { exitedAtOnce } from "../units/start-failure.ts";
import { PENDING, showProperties, type UnitState } from "../units/systemctl.ts";
import {
  claim,
  completeTakeOver,
  isAlive,
  readTakeOver,
  readTakeOvers,
  rollBack,
  verdictOf,
} from "../units/take-over.ts";
import { isStray } from "../units/tmux-pane.ts";

/** Milliseconds for which a program must run. If it exits sooner, its start counts as failed. */
const MIN_RUN = 1000;

/** Milliseconds within which the program of an agent's unit starts, also on a busy host. */
const SLOW_START = 10_000;

/** Milliseconds within which systemd restarts a unit: the RestartSec= of an agent's unit, plus a margin. */
const RESTART_TIME = 700;

const PROPERTIES = [
  "ActiveState",
  "SubState",
  "Job",
  "InvocationID",
  "MainPID",
  "ActiveEnterTimestampMonotonic",
  "ActiveExitTimestampMonotonic",
  "Restart",
];

/**
 * Delays an answer until the units that its request has started have run for a second. Other requests are answered in
 * the meantime.
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
  return all.map((one) => {
    const { units, answer, lost: onLost } = one;
    const isNew = runs.some(({ unit }) => units.includes(unit));
    const takesOver = units.some((unit) => readTakeOver(host, unit) !== undefined);
    if (!takesOver && (lost === undefined || !isNew)) return answer;
    return (lost ?? Promise.resolve(new Set<string>())).then((names) => {
      const name = units.find((unit) => names.has(unit));
      if (name === undefined) return takesOver ? afterTakeOvers(host, one) : answer;
      const error = exitedAtOnce(host, name);
      const takeOver = readTakeOver(host, name);
      return onLost(name, takeOver === undefined ? error : rollBack(host, takeOver, error));
    });
  });
}

/** Milliseconds between two checks of an agent's own unit during a take-over. */
const CHECK_INTERVAL = 500;

/** Waits until each take-over among the units of an answer has succeeded or has been rolled back. */
async function afterTakeOvers<A>(host: Host, { units, answer, lost }: StableAnswer<A>): Promise<A> {
  const failures: [unit: string, error: MusterError][] = [];
  for (const unit of units) {
    const error = await finishTakeOver(host, unit);
    if (error !== undefined) failures.push([unit, error]);
  }
  const [first] = failures;
  return first === undefined ? answer : lost(...first);
}

/**
 * @returns the error if the take-over was rolled back; undefined if the take-over succeeded, or if there was no
 * take-over
 */
async function finishTakeOver(host: Host, unit: string): Promise<MusterError | undefined> {
  for (;;) {
    const takeOver = readTakeOver(host, unit);
    if (takeOver === undefined) return undefined;
    const verdict = verdictOf(host, takeOver);
    if (verdict === "failed") return rollBack(host, takeOver);
    if (verdict === "stayed") {
      completeTakeOver(host, takeOver);
      return undefined;
    }
    await setTimeout(CHECK_INTERVAL);
  }
}

/** Finishes the take-overs that killed processes have not finished. */
export async function finishTakeOvers(host: Host): Promise<void> {
  for (const takeOver of readTakeOvers(host).filter((one) => !isAlive(one))) {
    claim(host, takeOver);
    await finishTakeOver(host, takeOver.unit);
  }
}

/**
 * Returns the units of agents and services that a change may have started, except the units of failed parts.
 */
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
  // An agent that waits for its turn has no new run yet.
  if (state["SubState"] === PENDING) return [];
  const left = timeLeft(unit, state);
  return left > 0 ? [{ unit, id: state["InvocationID"] ?? "", left }] : [];
}

/** Returns for how many milliseconds a unit's program must still run until its start counts as successful. */
function timeLeft(unit: string, state: UnitState): number {
  return MIN_RUN - durationOf(unit, state);
}

/**
 * Returns for how many milliseconds a unit's program has run. On a busy host, an agent's program starts long after its
 * unit.
 */
function durationOf(unit: string, state: UnitState): number {
  const begin = Number(state["ActiveEnterTimestampMonotonic"] ?? 0);
  if (state["SubState"] === "start") return 0;
  if (state["ActiveState"] !== "active")
    return (Number(state["ActiveExitTimestampMonotonic"] ?? 0) - begin) / 1000;
  const duration = Number(process.hrtime.bigint() / 1000n - BigInt(begin)) / 1000;
  const agent = agentOfUnit(unit);
  // A unit that has been active for a long time was not started by this request.
  if (agent === undefined || duration > SLOW_START) return duration;
  const started = lstatSync(startedFile(agent), { throwIfNoEntry: false });
  return started === undefined ? 0 : Math.min(duration, Date.now() - started.mtimeMs);
}

/**
 * Finds the units that exit in two consecutive runs. A single exit does not count, because it can have a
 * temporary cause, such as a busy host.
 */
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
 * Waits until every run has ended or has been stable for long enough. On a busy host, a program may start only after
 * some seconds.
 *
 * @param runs at least one
 * @returns the runs that have ended
 */
async function endedOf(host: Host, runs: readonly Run[]): Promise<Run[]> {
  const deadline = Date.now() + SLOW_START;
  const ended: Run[] = [];
  for (let open = runs; open.length > 0; ) {
    await setTimeout(Math.max(...open.map(({ left }) => left)));
    const units = open.map(({ unit }) => unit);
    const states = showProperties(host, units, PROPERTIES);
    const isLate = Date.now() > deadline;
    open = open.flatMap((run, i) => {
      const state = states[i] ?? {};
      if (state["InvocationID"] !== run.id || !keepsRunning(run.unit, state)) {
        ended.push(run);
        return [];
      }
      const left = timeLeft(run.unit, state);
      return left > 0 && !isLate ? [{ ...run, left }] : [];
    });
  }
  return ended;
}

/**
 * Whether a unit still runs. A unit that is still starting, for example on a busy host, counts as running.
 */
function keepsRunning(unit: string, { ActiveState, SubState, MainPID }: UnitState): boolean {
  if (ActiveState !== "active") return SubState === "start";
  const agent = agentOfUnit(unit);
  if (agent === undefined) return true;
  // After a program has ended, its unit keeps running until the program's output has been saved.
  const hasEnded = lstatSync(endedFile(agent), { throwIfNoEntry: false }) !== undefined;
  return !hasEnded && !isStray(Number(MainPID), startedFile(agent));
}
