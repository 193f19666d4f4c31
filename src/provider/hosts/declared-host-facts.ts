import { lastReached, noteReached } from "../../inventory/last-seen.ts";
import { specOf } from "../../inventory/resolve-target.ts";
import type { HostFacts } from "../context.ts";
import type { DeclaredHosts } from "./declared-host-connections.ts";

/**
 * Reads the facts about hosts from fleet.yaml and this checkout.
 *
 * @param env MUSTER_CHANGES is 1 if `npx pulumi` started a run that can change hosts; in a preview, nothing
 *   is recorded
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
