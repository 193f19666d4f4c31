import type { HostKindProvider } from "../../provider/host-kind-provider.ts";
import { localHostHandler } from "./provider/handler.ts";
import { type LocalHostControl, manageLocalHosts } from "./provider/local-host-control.ts";

/** Returns the part of Muster's provider that manages the local hosts of a project. */
export function provide(project: string): HostKindProvider {
  return localHostProvider(manageLocalHosts(project));
}

export function localHostProvider(control: LocalHostControl): HostKindProvider {
  return {
    handlers: (context) => ({ LocalHost: localHostHandler(context, control) }),
    hasMachine: (host) => control.state(host) !== "absent",
  };
}
