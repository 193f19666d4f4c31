import { setTimeout } from "node:timers/promises";
import type { MusterError } from "../../base/errors.ts";
import { isAgentUnit } from "../../model/host-paths.ts";
import { isOpen, partOf } from "../../model/parts.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { exitedAtOnce } from "../units/start-failure.ts";
import { showProperties, type UnitState } from "../units/systemctl.ts";
import { isStray } from "../units/tmux-pane.ts";

/** Milliseconds that a program must run: one that ends sooner cannot be started as declared. */
const MIN_RUN = 1000;

/** Milliseconds in which systemd has restarted a unit: RestartSec= of an agent's unit, and a margin. */
const AGAIN = 700;

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
 * Delays an answer until the units that were started for it have run for a moment. Other requests are answered
 * meanwhile.
 *
 * @throws MusterError, in the promise, if one has exited
 */
export function awaitStable<A>(host: Host, units: readonly string[], answer: A): A | Promise<A> {
  const lost = (_: string, error: MusterError): never => {
    throw error;
  };
  const [later] = awaitAllStable(host, [{ units, answer, lost }]);
  return later as A | Promise<A>;
}

/** An answer that waits for units to keep running, and what it is if one of them exits. */
export interface StableAnswer<A> {
  readonly units: readonly string[];
  readonly answer: A;
  readonly lost: (unit: string, error: MusterError) => A;
}

/** The same for many answers, whose units are waited for together. */
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

/** The units of agents and services that a change may just have started, without those whose part has failed already. */
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
    isOpen(partOf(name), failed)
      ? [item.name]
      : [],
  );
}

interface Run {
  readonly unit: string;
  readonly id: string;
  /** Milliseconds that it must still run. */
  readonly left: number;
}

/** The runs of units that are so new that they may still exit. */
function newRuns(host: Host, units: readonly string[]): Run[] {
  if (units.length === 0) return [];
  const states = showProperties(host, units, PROPERTIES);
  return units.flatMap((unit, i) => newRun(unit, states[i] ?? {}));
}

/** A unit that does not restart and ends well has not failed. */
function newRun(unit: string, state: UnitState): Run[] {
  if (state["Restart"] === "no" && state["ActiveState"] !== "failed") return [];
  const end =
    state["ActiveState"] === "active"
      ? Number(process.hrtime.bigint() / 1000n)
      : Number(state["ActiveExitTimestampMonotonic"] ?? 0);
  const left = MIN_RUN - (end - Number(state["ActiveEnterTimestampMonotonic"] ?? 0)) / 1000;
  return left > 0 ? [{ unit, id: state["InvocationID"] ?? "", left }] : [];
}

/** A unit that exits once may have been unlucky, as on a busy host; one that exits again at its next start always will. */
async function exitedAmong(host: Host, runs: readonly Run[]): Promise<ReadonlySet<string>> {
  const ended = await endedOf(host, runs);
  if (ended.length === 0) return new Set();
  await setTimeout(AGAIN);
  const units = ended.map(({ unit }) => unit);
  const again = showProperties(host, units, PROPERTIES).map((state, i): Run => {
    return { unit: units[i] ?? "", id: state["InvocationID"] ?? "", left: MIN_RUN };
  });
  const lost = await endedOf(host, again);
  return new Set(lost.map(({ unit }) => unit));
}

/** Waits as long as all must run. @returns those that have exited @param runs at least one */
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

/** On a busy host a unit may still be starting after that time, which is not an exit. */
function keepsRunning(unit: string, { ActiveState, SubState, MainPID }: UnitState): boolean {
  if (ActiveState !== "active") return SubState === "start";
  return !isAgentUnit(unit) || !isStray(Number(MainPID));
}
