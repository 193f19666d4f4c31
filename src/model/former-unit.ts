import type { UnitItem } from "./items.ts";

/**
 * The service or session that ran an agent before Muster managed it: a system service, a service of `systemd --user`,
 * or a tmux session.
 */
export type Former = Pick<UnitItem, "name" | "user" | "manager" | "socket">;

/** Returns the name that people see. No two formers of a host have the same label. */
export function formerLabel({ name, user = "", manager, socket = "" }: Former): string {
  if (manager === "tmux") return `tmux session ${name} of ${user} on ${socket}`;
  return manager === "user" ? `${name} of user ${user}` : name;
}
