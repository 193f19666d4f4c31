import { join } from "node:path";
import type { AgentSpec, Fleet } from "../config/fleet.ts";
import { BIN_DIR, ROUTES_FILE, RUNTIME_DIR } from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import type { HostRoutes } from "../model/routes.ts";
import type { Compiler } from "./definition.ts";
import { rootFile } from "./root-files.ts";

/** The program `muster`, which agents and dispatchers on a host run. */
const MUSTER_PROGRAM = `#!/bin/sh
# Asks Muster on this host: muster route|task ...
exec ${RUNTIME_DIR}/run agent "$@"
`;

/** The program with which an agent hands a task off to another agent. */
const HANDOFF_PROGRAM = `#!/bin/sh
# Hands a task off to another agent: fleet-handoff --agent NAME --task-id ID ...
exec ${RUNTIME_DIR}/run agent handoff "$@"
`;

/**
 * Returns the routes for a host with agents, and the program that reads the routes. Returns no items if there are no
 * routes.
 */
export function routingItems(fleet: Fleet, host: string, { keep }: Compiler): Items {
  const routes = Object.values(fleet.routes);
  if (routes.length === 0) return {};
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  const renamed = Object.fromEntries(
    agents.flatMap(({ name, formerly }) => formerly.map((one) => [one, name])),
  );
  const content: HostRoutes = {
    users: usersOf(agents),
    routes: routes.map(routeOf),
    ...tenantsOf(agents),
    ...(Object.keys(renamed).length > 0 && { renamed }),
  };
  const text = `${JSON.stringify(content, null, 2)}\n`;
  return {
    muster: rootFile(join(BIN_DIR, "muster"), keep(MUSTER_PROGRAM), "0755"),
    "fleet-handoff": rootFile(join(BIN_DIR, "fleet-handoff"), keep(HANDOFF_PROGRAM), "0755"),
    routes: rootFile(ROUTES_FILE, keep(text), "0644"),
  };
}

/** Returns a route without its examples, because only `fleet validate` needs the examples. */
function routeOf({
  capability,
  agents,
  to,
  patterns,
}: Fleet["routes"][string]): HostRoutes["routes"][number] {
  return { capability, agents, to, patterns };
}

/** Returns the tenant of each agent if there are several tenants. */
function tenantsOf(agents: readonly AgentSpec[]): Pick<HostRoutes, "tenants"> {
  if (new Set(agents.map(({ tenant }) => tenant)).size < 2) return {};
  return { tenants: Object.fromEntries(agents.map(({ name, tenant }) => [name, tenant])) };
}

/** Returns the agent of each user. Omits a user of several agents, which is possible under `isolation: tenant`. */
function usersOf(agents: readonly AgentSpec[]): HostRoutes["users"] {
  const byUser = Map.groupBy(agents, ({ user }) => user);
  return Object.fromEntries(
    [...byUser].flatMap(([user, [agent, ...others]]) =>
      agent === undefined || others.length > 0 ? [] : [[user, agent.name]],
    ),
  );
}
