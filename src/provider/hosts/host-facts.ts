import { lastReached, noteReached } from "../../inventory/last-seen.ts";
import { specOf } from "../../inventory/resolve-target.ts";
import type { HostFacts } from "../context.ts";
import type { DeclaredHosts } from "./declared-hosts.ts";

/**
 * Reads what fleet.yaml and this checkout know about hosts.
 *
 * @param env MUSTER_CHANGES is 1 if `npx pulumi` started a run that may change hosts; a preview records
 *   nothing
 */
export function hostFacts(project: string, declared: DeclaredHosts, env: NodeJS.ProcessEnv): HostFacts {
  const spec = (host: string) => specOf(declared() ?? {}, host);
  return {
    isDeclared: (host) => spec(host) !== undefined,
    isIntermittent: (host) => spec(host)?.availability === "intermittent",
    lastReached: (host) => lastReached(project, host),
    noteReached: (host) => {
      if (env["MUSTER_CHANGES"] === "1") noteReached(project, host);
    },
  };
}
