import { setTimeout } from "node:timers/promises";
import { isAgentUnit } from "../model/layout.ts";
import type { ConvergeAnswer, ConvergeRequest } from "../model/protocol.ts";
import type { Host } from "./context.ts";
import { isStray } from "./hostd/pane.ts";
import { notStayed } from "./start-failure.ts";
import { showProperties, type UnitState } from "./systemctl.ts";

/** Milliseconds that a program must stay: one that ends sooner cannot be started as it is declared. */
const STAYS = 1000;

/** Milliseconds in which systemd has started what ended: RestartSec= of an agent's unit, and some. */
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
 * Holds an answer back until the units that were started for it have stayed for a moment. Other requests are answered
 * meanwhile.
 *
 * @throws MusterError, in the promise, where one did not stay
 */
export function onceTheyStay<A>(host: Host, units: readonly string[], answer: A): A | Promise<A> {
  const runs = units.flatMap((unit) => newRun(host, unit));
  return runs.length === 0 ? answer : settled(host, runs).then(() => answer);
}

/** The units of agents and services that a change may just have started. */
export function unitsStarted({ type, items }: ConvergeRequest, { changed }: ConvergeAnswer): string[] {
  if (changed.length === 0) return [];
  const isSettling = (unit: string) => type === "Service" || isAgentUnit(unit);
  return Object.values(items).flatMap((item) =>
    item.kind === "unit" && item.want.active === "running" && isSettling(item.name) ? [item.name] : [],
  );
}

interface Run {
  readonly unit: string;
  readonly id: string;
  /** Milliseconds that it has to stay yet. */
  readonly left: number;
}

/** A unit's run, where that is so new that it may end. That one ends well which nobody starts again is no failure. */
function newRun(host: Host, unit: string): Run[] {
  const [state = {}] = showProperties(host, [unit], PROPERTIES);
  if (state["Restart"] === "no" && state["ActiveState"] !== "failed") return [];
  const end =
    state["ActiveState"] === "active"
      ? Number(process.hrtime.bigint() / 1000n)
      : Number(state["ActiveExitTimestampMonotonic"] ?? 0);
  const left = STAYS - (end - Number(state["ActiveEnterTimestampMonotonic"] ?? 0)) / 1000;
  return left > 0 ? [{ unit, id: state["InvocationID"] ?? "", left }] : [];
}

/** What ended once may have had bad luck, as on a busy host; what ends again at its next start will do so for ever. */
async function settled(host: Host, runs: readonly Run[]): Promise<void> {
  const ended = await endedOf(host, runs);
  if (ended.length === 0) return;
  await setTimeout(AGAIN);
  const units = ended.map(({ unit }) => unit);
  const again = showProperties(host, units, PROPERTIES).map((state, i): Run => {
    return { unit: units[i] ?? "", id: state["InvocationID"] ?? "", left: STAYS };
  });
  const [lost] = await endedOf(host, again);
  if (lost !== undefined) throw notStayed(host, lost.unit);
}

/** Waits until all had to stay, and gives those that did not. @param runs at least one */
async function endedOf(host: Host, runs: readonly Run[]): Promise<Run[]> {
  await setTimeout(Math.max(...runs.map(({ left }) => left)));
  const states = showProperties(
    host,
    runs.map(({ unit }) => unit),
    PROPERTIES,
  );
  return runs.filter(({ unit, id }, i) => {
    const state = states[i] ?? {};
    return state["InvocationID"] !== id || !stays(unit, state);
  });
}

/** On a busy host one may still start after all that patience, which is no end. */
function stays(unit: string, { ActiveState, SubState, MainPID }: UnitState): boolean {
  if (ActiveState !== "active") return SubState === "start";
  return !isAgentUnit(unit) || !isStray(Number(MainPID));
}
