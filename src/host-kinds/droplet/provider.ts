import type { HostKindProvider } from "../../provider/host-kind-provider.ts";
import type { DeclaredHosts } from "../../provider/hosts/declared-host-connections.ts";
import type { Properties } from "../../provider/wire/values.ts";
import { type AwaitedAddresses, awaitedAddresses } from "./awaited-addresses.ts";
import { CLOUD_TOKEN, type CloudQuestion } from "./preflight-protocol.ts";
import { dropletHostHandler } from "./provider/handler.ts";
import { type Droplets, fleetDroplets } from "./provider/inventory-droplets.ts";
import { dropletPreflight } from "./provider/preflight.ts";

/** Returns the part of the provider that handles a project's droplets. */
export function provide(project: string, declared: DeclaredHosts): HostKindProvider {
  return dropletProvider(fleetDroplets(project, declared), awaitedAddresses(project));
}

export function dropletProvider(droplets: Droplets, addresses: AwaitedAddresses): HostKindProvider {
  return {
    handlers: (context) => ({ DropletHost: dropletHostHandler(context, droplets) }),
    functions: (context) => ({
      // Only Muster's own program calls this function, so the types of the request and the response are known.
      [CLOUD_TOKEN]: async (args, report) =>
        (await dropletPreflight(
          context,
          { droplets, addresses },
          args as unknown as CloudQuestion,
          report,
        )) as unknown as Properties,
    }),
    hasMachine: (host) => droplets.find(host) !== undefined,
  };
}
