import type { AgentSpec, Fleet } from "../config/fleet.ts";
import type { DirectoryItem, Items } from "../model/items.ts";

/** Whether an agent's Linux user is a separate resource; see account.ts. */
export function hasAccount(fleet: Fleet, { tenant }: AgentSpec): boolean {
  const { isolation, key } = fleet.tenants[tenant] ?? {};
  return key !== undefined && isolation !== "tenant";
}

/** What happens to a home when its user is removed: it is moved aside, or deleted. */
export type HomeOnRemove = "aside" | "wipe";

/** Returns a Linux user in the tenant's group, and the user's home, which no other user can enter. */
export function account(user: string, tenant: string): Items {
  return { ...userOf(user, tenant), ...homeFolder(homePath(user), user, tenant, "aside") };
}

export function userOf(user: string, tenant: string): Items {
  const want = { present: true, group: tenant, home: homePath(user), shell: "/bin/bash" } as const;
  return { [`user ${user}`]: { kind: "user", name: user, want } };
}

/**
 * Returns a folder for an agent's own data.
 *
 * @param unit the unit that keeps the folder mounted while it runs
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
