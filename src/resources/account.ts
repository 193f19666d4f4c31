import type { DirectoryItem, Items } from "../model/items.ts";

/** A Linux user in its tenant's group, and its home, which no other user can enter. */
export function account(user: string, tenant: string): Items {
  const home = homeOf(user);
  const want = { present: true, group: tenant, home, shell: "/bin/bash" } as const;
  return { [`user ${user}`]: { kind: "user", name: user, want }, ...homeFolder(home, user, tenant) };
}

/** A folder for an agent's own data, which is moved aside when it is removed. */
export function homeFolder(path: string, user: string, tenant: string): Record<string, DirectoryItem> {
  const want = { type: "directory", owner: user, group: tenant, mode: "0700" } as const;
  return { [path]: { kind: "directory", path, onRemove: "aside", want } };
}

export function homeOf(user: string): string {
  return `/home/${user}`;
}
