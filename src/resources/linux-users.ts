import { mapValues } from "../base/objects.ts";
import type { AgentSpec, Fleet } from "../config/fleet.ts";
import { isOfUser } from "../model/as-found.ts";
import { type DirectoryItem, type Items, rightsText, type UserItem } from "../model/items.ts";
import { readAtStart } from "./agent/read-at-start.ts";

/** Whether an agent's Linux user is a separate resource; see account.ts. */
export function hasAccount(fleet: Fleet, { tenant }: AgentSpec): boolean {
  const { isolation, key } = fleet.tenants[tenant] ?? {};
  return key !== undefined && isolation !== "tenant";
}

/** What happens to a home when its user is removed: the home is moved aside or deleted. */
export type HomeOnRemove = "aside" | "wipe";

/** The agents on one host that run as the same Linux user. */
export type AgentsOfUser = readonly [AgentSpec, ...AgentSpec[]];

/**
 * Returns the Linux user that agents share, in the group of their tenant, and the home of this user. No other
 * user can enter the home.
 */
export function account(agents: AgentsOfUser): Items {
  const [{ user, tenant }] = agents;
  return { ...userOf(agents), ...homeFolder(homePath(user), user, tenant, "aside") };
}

/**
 * Returns the items. While one of the agents still runs in its former unit, the returned items do not change the access
 * of this unit.
 */
export function untilTakeOver(agents: readonly AgentSpec[], items: Items): Items {
  if (agents.every(({ takeOver }) => takeOver === "now")) return items;
  return mapValues(items, (item) => (isOfUser(item) ? { ...item, asFound: true } : item));
}

/** Returns the Linux user of agents, with the groups and the declared rights of all these agents. */
export function userOf(agents: AgentsOfUser): Items {
  const [{ user, tenant }, ...others] = agents;
  const [reader] = others.length === 0 ? agents : [];
  const groups = groupsOf(agents);
  const want = { present: true, group: tenant, home: homePath(user), shell: "/bin/bash" } as const;
  const item: UserItem = {
    kind: "user",
    name: user,
    ...(reader !== undefined && readAtStart(reader)),
    want: { ...want, ...(groups !== undefined && { groups }) },
  };
  const home = homePath(user);
  return {
    [`user ${user}`]: item,
    [`rights of ${user}`]: { kind: "rights", user, home, want: rightsOf(agents) },
  };
}

/**
 * Returns the supplementary groups. Before the take-over, no groups are declared, because the former unit of the agent
 * can need any group.
 */
function groupsOf(agents: AgentsOfUser): string | undefined {
  if (agents.some(({ takeOver }) => takeOver === "later")) return undefined;
  const groups = agents.flatMap((agent) => agent.groups.filter((group) => group !== agent.tenant));
  return rightsText(groups, " ");
}

function rightsOf(agents: AgentsOfUser) {
  const all = (list: "sudo" | "keys" | "files") => rightsText(agents.flatMap(({ rights }) => rights[list]));
  const linger = agents.some(({ rights }) => rights.linger);
  return { sudo: all("sudo"), keys: all("keys"), linger, files: all("files") };
}

/**
 * Returns a folder for an agent's own data.
 *
 * @param unit the unit that has the folder mounted while it is running
 */
export function homeFolder(
  path: string,
  user: string,
  tenant: string,
  onRemove: HomeOnRemove,
  unit?: string,
): Record<string, DirectoryItem> {
  const want = { type: "directory", owner: user, group: tenant, mode: "0700" } as const;
  return { [path]: { kind: "directory", path, onRemove, ...(unit && { notify: unit }), want } };
}

export function homePath(user: string): string {
  return `/home/${user}`;
}
