import { count } from "../../base/count.ts";
import type { Fleet } from "../../config/fleet.ts";
import { isObservedOnly } from "../../config/observe-only.ts";
import { fullestOf, HEALTHY, type Healthy, loadOf, type Machine } from "../../model/machine-health.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { codesOfAgents } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";

/** The current health of a host. */
export interface HostRow {
  readonly host: string;
  /** The state of the host's machine; present only if the host has answered. */
  readonly machine?: Machine;
  /** The problems of the host. Each entry is a sentence without the final period. */
  readonly ailments: readonly string[];
}

export interface HostsReport {
  readonly hosts: readonly HostReport[];
  readonly rows: readonly HostRow[];
}

/**
 * Observes the health of all selected hosts at the same time, each in one round trip.
 *
 * @param observe observes a host with `observe: only`, which has no host runtime
 */
export async function observeHosts(
  fleet: Fleet,
  { host }: Selection,
  open: OpenHost,
  observe: (host: string) => Promise<Machine>,
): Promise<HostsReport> {
  const names = Object.keys(fleet.hosts).filter((name) => host === undefined || name === host);
  const results = await Promise.all(
    names.map(async (name) => {
      const result = isObservedOnly(fleet.hosts[name])
        ? await queryHost(fleet, name, observe, async (machine) => machine)
        : await queryHost(fleet, name, open, (reader) => reader.machine({ op: "machine" }));
      const { answer } = result;
      const ailments = answer ? hostProblems(answer, { ...HEALTHY, ...fleet.hosts[name]?.healthy }) : [];
      return { report: result.host, row: { host: name, ...(answer && { machine: answer }), ailments } };
    }),
  );
  return { hosts: results.map(({ report }) => report), rows: results.map(({ row }) => row) };
}

/** Returns all exit codes that apply. An unhealthy host counts as a policy violation. */
export function codesOfHosts({ hosts, rows }: HostsReport): ExitCode[] {
  const isUnhealthy = rows.some(({ ailments }) => ailments.length > 0);
  return [...codesOfAgents({ hosts }), ...(isUnhealthy ? [EXIT.policy] : [])];
}

/**
 * Lists the problems of a machine, such as values above its declared limits. Each entry is a sentence without the final
 * period.
 */
export function hostProblems(machine: Machine, healthy: Healthy): string[] {
  const { memory, failed, deadman } = machine;
  const disk = fullestOf(machine);
  const load = loadOf(machine);
  return [
    ...(disk && disk.used > healthy.disk
      ? [`${disk.path} is ${disk.used} % full (limit ${healthy.disk} %)`]
      : []),
    ...(memory.used > healthy.memory
      ? [`${memory.used} % of its memory is in use (limit ${healthy.memory} %)`]
      : []),
    ...(load > healthy.load ? [`its load per core is ${load.toFixed(1)} (limit ${healthy.load})`] : []),
    ...(failed.length > 0 ? [`${count(failed.length, "unit")} failed: ${failed.join(", ")}`] : []),
    ...(deadman === "silent" ? ["its deadman is silent"] : []),
  ];
}
