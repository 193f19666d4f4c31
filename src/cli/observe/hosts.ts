import { count } from "../../base/count.ts";
import type { Fleet } from "../../config/fleet.ts";
import { isObservedOnly } from "../../config/observe-only.ts";
import { fullestOf, HEALTHY, type Healthy, loadOf, type Machine } from "../../model/machine.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { codesOfAgents } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";

/** One host as it is doing now. */
export interface HostRow {
  readonly host: string;
  /** There only where the host answered. */
  readonly machine?: Machine;
  /** What is not as it should be; each a sentence without its point. */
  readonly ailments: readonly string[];
}

export interface HostsReport {
  readonly hosts: readonly HostReport[];
  readonly rows: readonly HostRow[];
}

/**
 * How every declared host is doing, in one round trip each, all at once.
 *
 * @param observe looks at one that has nothing of ours
 */
export async function observeHosts(
  fleet: Fleet,
  { host }: Selection,
  open: OpenHost,
  observe: (host: string) => Promise<Machine>,
): Promise<HostsReport> {
  const names = Object.keys(fleet.hosts).filter((name) => host === undefined || name === host);
  const looks = await Promise.all(
    names.map(async (name) => {
      const asked = isObservedOnly(fleet.hosts[name])
        ? await queryHost(fleet, name, observe, async (machine) => machine)
        : await queryHost(fleet, name, open, (reader) => reader.machine({ op: "machine" }));
      const { answer } = asked;
      const ailments = answer ? hostProblems(answer, { ...HEALTHY, ...fleet.hosts[name]?.healthy }) : [];
      return { report: asked.host, row: { host: name, ...(answer && { machine: answer }), ailments } };
    }),
  );
  return { hosts: looks.map(({ report }) => report), rows: looks.map(({ row }) => row) };
}

/** Every exit code that holds: what a host may use at most is a policy. */
export function codesOfHosts({ hosts, rows }: HostsReport): ExitCode[] {
  const isIll = rows.some(({ ailments }) => ailments.length > 0);
  return [...codesOfAgents({ hosts }), ...(isIll ? [EXIT.policy] : [])];
}

/** What is wrong with a machine, against what is declared for it. */
export function hostProblems(machine: Machine, healthy: Healthy): string[] {
  const { memory, failed, deadman } = machine;
  const disk = fullestOf(machine);
  const load = loadOf(machine);
  return [
    ...(disk && disk.used > healthy.disk
      ? [`${disk.path} is ${disk.used} % full, of ${healthy.disk} % at most`]
      : []),
    ...(memory.used > healthy.memory
      ? [`${memory.used} % of its memory is in use, of ${healthy.memory} % at most`]
      : []),
    ...(load > healthy.load ? [`its load is ${load.toFixed(1)} a core, of ${healthy.load} at most`] : []),
    ...(failed.length > 0 ? [`${count(failed.length, "unit")} failed: ${failed.join(", ")}`] : []),
    ...(deadman === "silent" ? ["its deadman is silent"] : []),
  ];
}
