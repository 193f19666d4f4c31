import type { HostKindProvider } from "../../provider/host-kind-provider.ts";
import type { DeclaredHosts } from "../../provider/hosts/declared-hosts.ts";
import type { Properties } from "../../provider/wire/values.ts";
import { CLOUD_TOKEN, type CloudQuestion } from "./preflight-protocol.ts";
import { dropletHostHandler } from "./provider/handler.ts";
import { type Droplets, fleetDroplets } from "./provider/met-droplets.ts";
import { dropletPreflight } from "./provider/preflight.ts";

/** The part of the provider for the droplets of a project. */
export function provide(project: string, declared: DeclaredHosts): HostKindProvider {
  return dropletProvider(fleetDroplets(project, declared));
}

export function dropletProvider(droplets: Droplets): HostKindProvider {
  return {
    handlers: (context) => ({ DropletHost: dropletHostHandler(context, droplets) }),
    functions: (context) => ({
      // The program is ours and sends this type; what it gets is plain data as well.
      [CLOUD_TOKEN]: async (args, report) =>
        (await dropletPreflight(
          context,
          droplets,
          args as unknown as CloudQuestion,
          report,
        )) as unknown as Properties,
    }),
    hasMachine: (host) => droplets.find(host) !== undefined,
  };
}
