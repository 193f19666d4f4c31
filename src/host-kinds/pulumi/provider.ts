import type { HostKindProvider } from "../../provider/host-kind-provider.ts";
import type { DeclaredHosts } from "../../provider/hosts/declared-host-connections.ts";
import { pulumiHostHandler } from "./provider/handler.ts";
import { type Machines, recordedMachines } from "./provider/recorded-machines.ts";

/** Returns the part of the provider that contacts the machines of the user's own program. */
export function provide(project: string, declared: DeclaredHosts): HostKindProvider {
  return pulumiHostProvider(recordedMachines(project, declared));
}

export function pulumiHostProvider(machines: Machines): HostKindProvider {
  return {
    handlers: (context) => ({ PulumiHost: pulumiHostHandler(context, machines) }),
    // Only another resource of the program can delete the machine.
    hasMachine: () => false,
  };
}
