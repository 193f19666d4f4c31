import type { Output, Resource } from "@pulumi/pulumi";
import type { Fleet, HostSpec } from "../config/fleet.ts";
import type { HostBase, HostKindName } from "../config/host-spec.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../host-kinds/registry.ts";

/** The machine that a host is, where this stack makes it. */
export interface HostMachine {
  /** What is on the machine is deleted with it, and needs no delete of its own. */
  readonly standIn: Resource;
  /** Resolves once the host can be reached, and its setup has run. */
  readonly ended: Promise<Resource>;
  /** Identifies the machine: with another one, what is on the host is made again. */
  readonly machine?: Output<string>;
}

/** What `program.ts` in the folder of a kind exports. */
export interface HostKindProgramModule<Spec extends HostBase = HostBase> {
  /** Declares the machines of some hosts, by the name of the host. */
  makeMachines(hosts: readonly Spec[], fleet: Fleet): Promise<ReadonlyMap<string, HostMachine>>;
}

/** Whether a stack that has a host of this kind makes its machine. */
export function hasMachine(host: Pick<HostBase, "kind">): boolean {
  return hostKindOf(host).machine !== undefined;
}

/** Declares the machines of hosts of all kinds. The code of a kind is loaded only for a fleet that has one. */
export async function makeHostMachines(
  hosts: readonly HostSpec[],
  fleet: Fleet,
): Promise<ReadonlyMap<string, HostMachine>> {
  const machines = new Map<string, HostMachine>();
  for (const kind of HOST_KIND_NAMES) {
    const ofKind = hosts.filter((host) => host.kind === kind);
    if (ofKind.length === 0) continue;
    for (const [host, machine] of await makeKind(kind, ofKind, fleet)) machines.set(host, machine);
  }
  return machines;
}

async function makeKind(kind: HostKindName, hosts: readonly HostSpec[], fleet: Fleet) {
  const { makeMachines }: HostKindProgramModule = await import(`../host-kinds/${kind}/program.ts`);
  return makeMachines(hosts, fleet);
}
