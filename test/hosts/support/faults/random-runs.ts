import { type Host, LAYOUT } from "../four-hosts.ts";
import type { Fault } from "./fault.ts";
import { FAULTS } from "./index.ts";

/** A fault and the host that has the fault. */
export interface Trouble {
  readonly fault: Fault;
  readonly host: Host;
}

/** A run and the faults that hosts have during the run. */
export interface Draw {
  readonly run: "preview" | "refresh" | "destroy" | "drift and up";
  readonly troubles: readonly Trouble[];
  readonly name: string;
}

const KINDS = ["preview", "refresh", "destroy"] as const;

/**
 * Returns random runs: one of each kind, and two runs with two faults each. The same seed always results in the same
 * runs.
 */
export function randomRuns(seed: number): Draw[] {
  const pick = pickerFrom(seed);
  return [
    ...KINDS.map((kind) => one(kind, pick(FAULTS), pick)),
    ...Array.from({ length: 2 }, () => two(pick(FAULTS), pick(FAULTS), pick)),
  ];
}

/** Returns runs with every fault in every kind of run, and with every pair of faults. Only the hosts are random. */
export function fullGrid(seed: number): Draw[] {
  const pick = pickerFrom(seed);
  return [
    ...KINDS.flatMap((kind) => FAULTS.map((fault) => one(kind, fault, pick))),
    ...FAULTS.flatMap((first, at) => FAULTS.slice(at).map((second) => two(first, second, pick))),
  ];
}

type Pick = <T>(list: readonly T[]) => T;

function one(run: Draw["run"], fault: Fault, pick: Pick): Draw {
  const host = pick(LAYOUT.hosts);
  return { run, troubles: [{ fault, host }], name: `${run}: ${fault.name} (${host})` };
}

function two(first: Fault, second: Fault, pick: Pick): Draw {
  const host = pick(LAYOUT.hosts);
  const other = pick(LAYOUT.hosts.filter((name) => name !== host));
  const troubles = [
    { fault: first, host },
    { fault: second, host: other },
  ];
  const name = `drift and up: ${first.name} (${host}) and ${second.name} (${other})`;
  return { run: "drift and up", troubles, name };
}

function pickerFrom(seed: number): Pick {
  let state = seed;
  return (list) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return list[Math.floor((state / 2147483648) * list.length)] as (typeof list)[number];
  };
}
