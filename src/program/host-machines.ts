import type { Output, Resource } from "@pulumi/pulumi";
import type { Fleet, HostSpec } from "../config/fleet.ts";
import type { HostBase, HostKindName } from "../config/host-spec.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../host-kinds/registry.ts";
import type { ResourceParent } from "./muster-resource.ts";
import type { FleetMachine } from "./public-types.ts";

/** The machine that this stack creates for a host. */
export interface HostMachine {
  /** The resource whose deletion also deletes everything on the machine. Absent if the machine continues to exist. */
  readonly standIn?: Resource;
  /** Resolves when the host is reachable and its setup has run. */
  readonly ended: Promise<Resource>;
  /**
   * The identity of the machine. If this value changes, everything on the host is created again. Absent for a local
   * host.
   */
  readonly machine?: Output<string>;
}

/** The values that the program of a fleet adds to fleet.yaml. */
export interface ProgramContext {
  /**
   * The component that contains the fleet. Absent in Muster's own program, because that program contains only the
   * fleet.
   */
  readonly component?: ResourceParent;
  /** The machines that other resources of the program have created, by host. */
  readonly machines: Readonly<Record<string, FleetMachine>>;
}

/** The exports of `program.ts` in the folder of a host kind. */
export interface HostKindProgramModule<Spec extends HostBase = HostBase> {
  /** Declares the machines of hosts, and returns them by host name. */
  makeMachines(
    hosts: readonly Spec[],
    fleet: Fleet,
    program: ProgramContext,
  ): Promise<ReadonlyMap<string, HostMachine>>;
}

/** Whether a stack creates the machine of a host. */
export function hasMachine(host: Pick<HostBase, "kind">): boolean {
  return hostKindOf(host).machine !== undefined;
}

/** Declares the machines of hosts. Loads the code of a host kind only if a host has this kind. */
export async function makeHostMachines(
  hosts: readonly HostSpec[],
  fleet: Fleet,
  program: ProgramContext,
): Promise<ReadonlyMap<string, HostMachine>> {
  const machines = new Map<string, HostMachine>();
  for (const kind of HOST_KIND_NAMES) {
    const ofKind = hosts.filter((host) => host.kind === kind);
    if (ofKind.length === 0) continue;
    for (const [host, machine] of await makeKind(kind, ofKind, fleet, program)) machines.set(host, machine);
  }
  return machines;
}

async function makeKind(
  kind: HostKindName,
  hosts: readonly HostSpec[],
  fleet: Fleet,
  program: ProgramContext,
) {
  const { makeMachines }: HostKindProgramModule = await import(`../host-kinds/${kind}/program.ts`);
  return makeMachines(hosts, fleet, program);
}
