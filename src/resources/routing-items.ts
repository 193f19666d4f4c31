import { join } from "node:path";
import type { AgentSpec, Fleet } from "../config/fleet.ts";
import { isObservedOnly } from "../config/observe-only.ts";
import {
  BIN_DIR,
  CONVERSATIONS_FILE,
  REPOSITORIES_FILE,
  ROUTES_FILE,
  RUNTIME_DIR,
} from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import type { HostRepositories } from "../model/repository.ts";
import type { HostRoutes } from "../model/routes.ts";
import { runtimeOf } from "../runtimes/registry.ts";
import type { Compiler } from "./definition.ts";
import { rootFile } from "./root-files.ts";

/** The program `muster`, which agents and dispatchers on a host run. */
const MUSTER_PROGRAM = `#!/bin/sh
# Asks Muster on this host: muster route|task|message ...
exec ${RUNTIME_DIR}/run agent "$@"
`;

/** The program with which an agent hands a task off to another agent. */
const HANDOFF_PROGRAM = `#!/bin/sh
# Hands a task off to another agent: fleet-handoff --agent NAME --task-id ID ...
exec ${RUNTIME_DIR}/run agent handoff "$@"
`;

/**
 * Returns the routes for a host with agents, and the program that reads the routes. Without routes, returns only the
 * program, and only if an agent can use it for its repository.
 */
export function routingItems(fleet: Fleet, host: string, { keep }: Compiler): Items {
  const routes = Object.values(fleet.routes);
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  const muster = { muster: rootFile(join(BIN_DIR, "muster"), keep(MUSTER_PROGRAM), "0755") };
  const repositories = repositoriesOf(agents, keep);
  if (routes.length === 0)
    return Object.keys(repositories).length === 0 ? {} : { ...muster, ...repositories };
  const tenants = new Set(agents.map(({ tenant }) => tenant));
  const others = agentsWithQueue(fleet).filter((one) => one.host !== host && tenants.has(one.tenant));
  const all = [...agents, ...others];
  const renamed = Object.fromEntries(all.flatMap(({ name, formerly }) => formerly.map((one) => [one, name])));
  const elsewhere = Object.fromEntries(others.map((one) => [one.name, one.host]));
  const queues = Object.fromEntries(agents.flatMap(({ name, queue }) => (queue ? [[name, queue]] : [])));
  const content: HostRoutes = {
    users: usersOf(agents),
    routes: routes.map(routeOf),
    ...tenantsOf(all),
    ...(others.length > 0 && { elsewhere }),
    ...(Object.keys(queues).length > 0 && { queues }),
    ...(Object.keys(renamed).length > 0 && { renamed }),
  };
  const text = `${JSON.stringify(content, null, 2)}\n`;
  return {
    ...muster,
    ...repositories,
    "fleet-handoff": rootFile(join(BIN_DIR, "fleet-handoff"), keep(HANDOFF_PROGRAM), "0755"),
    routes: rootFile(ROUTES_FILE, keep(text), "0644"),
    conversations: rootFile(CONVERSATIONS_FILE, keep(conversationsOf(agents)), "0600"),
  };
}

/** Returns how the runtime of each agent shows its prompt, so that the host can type messages of other agents. */
function conversationsOf(agents: readonly AgentSpec[]): string {
  const known = agents.flatMap(({ name, runtime }) => {
    const { conversation } = runtimeOf(runtime);
    return conversation === undefined ? [] : [[name, conversation] as const];
  });
  return `${JSON.stringify(Object.fromEntries(known), null, 2)}\n`;
}

/** Returns the agents that have a queue: on hosts with routes, each agent with a Linux user of its own. */
export function agentsWithQueue({ routes, agents, hosts }: Fleet): AgentSpec[] {
  if (Object.keys(routes).length === 0) return [];
  const managed = Object.values(agents).filter(({ host }) => !isObservedOnly(hosts[host]));
  const byUser = Map.groupBy(managed, ({ host, user }) => `${host}/${user}`);
  return [...byUser.values()].flatMap(([agent, ...others]) =>
    agent === undefined || others.length > 0 ? [] : [agent],
  );
}

/** Returns the file with the agents that can request a self-sync; no items if there are none. */
function repositoriesOf(agents: readonly AgentSpec[], keep: Compiler["keep"]): Items {
  const all = agents.filter(({ repository }) => repository !== undefined);
  if (all.length === 0) return {};
  const content: HostRepositories = Object.fromEntries(
    all.map(({ name, user, home }) => [name, { user, home }]),
  );
  return { repositories: rootFile(REPOSITORIES_FILE, keep(`${JSON.stringify(content, null, 2)}\n`), "0644") };
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

/** Returns the tenant of each agent if there are several tenants or several hosts. */
function tenantsOf(agents: readonly AgentSpec[]): Pick<HostRoutes, "tenants"> {
  if (new Set(agents.map(({ tenant, host }) => `${tenant} ${host}`)).size < 2) return {};
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
