import type { DirectoryItem, Items } from "../model/items.ts";

/** What becomes of a home when its user goes: its own data is kept aside, or deleted with it. */
export type HomeOnRemove = "aside" | "wipe";

/** A Linux user in its tenant's group, and its home, which no other user can enter. */
export function account(user: string, tenant: string, onRemove: HomeOnRemove = "aside"): Items {
  const home = homeOf(user);
  const want = { present: true, group: tenant, home, shell: "/bin/bash" } as const;
  return {
    [`user ${user}`]: { kind: "user", name: user, want },
    ...homeFolder(home, user, tenant, onRemove),
  };
}

/** A folder for an agent's own data. */
export function homeFolder(
  path: string,
  user: string,
  tenant: string,
  onRemove: HomeOnRemove,
): Record<string, DirectoryItem> {
  const want = { type: "directory", owner: user, group: tenant, mode: "0700" } as const;
  return { [path]: { kind: "directory", path, onRemove, want } };
}

export function homeOf(user: string): string {
  return `/home/${user}`;
}
