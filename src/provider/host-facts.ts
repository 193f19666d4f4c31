import { lastReached, noteReached } from "../inventory/reached.ts";
import { specOf } from "../inventory/resolve.ts";
import type { DeclaredHosts } from "./hosts.ts";
import type { HostFacts } from "./services.ts";

/** The engine's commands that may change hosts, or what is recorded of them. A preview notes nothing. */
const CHANGING = ["up", "update", "refresh", "destroy", "down", "dn"];

/**
 * What fleet.yaml and this checkout know of hosts.
 *
 * @param env with the engine's command in MUSTER_COMMAND, where `npx pulumi` started it
 */
export function hostFacts(project: string, declared: DeclaredHosts, env: NodeJS.ProcessEnv): HostFacts {
  const spec = (host: string) => specOf(declared() ?? {}, host);
  return {
    isDeclared: (host) => spec(host) !== undefined,
    isIntermittent: (host) => spec(host)?.availability === "intermittent",
    lastReached: (host) => lastReached(project, host),
    noteReached: (host) => {
      if (CHANGING.includes(env["MUSTER_COMMAND"] ?? "")) noteReached(project, host);
    },
  };
}
