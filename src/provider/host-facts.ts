import { lastReached, noteReached } from "../inventory/reached.ts";
import type { DeclaredHosts } from "./hosts.ts";
import type { HostFacts } from "./services.ts";

/**
 * What fleet.yaml and this checkout know of hosts.
 *
 * @param env MUSTER_CHANGES says that `npx pulumi` started a run that may change something: a preview notes nothing
 */
export function hostFacts(project: string, declared: DeclaredHosts, env: NodeJS.ProcessEnv): HostFacts {
  const specOf = (host: string) => {
    const hosts = declared() ?? {};
    return Object.hasOwn(hosts, host) ? hosts[host] : undefined;
  };
  return {
    isDeclared: (host) => specOf(host) !== undefined,
    isIntermittent: (host) => specOf(host)?.availability === "intermittent",
    lastReached: (host) => lastReached(project, host),
    noteReached: (host) => {
      if (env["MUSTER_CHANGES"] === "1") noteReached(project, host);
    },
  };
}
