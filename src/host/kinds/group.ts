import { MusterError } from "../../base/errors.ts";
import type { GroupItem } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { withHostLock } from "../system/locks.ts";
import type { Kind } from "./kind.ts";

export const group: Kind<GroupItem> = {
  observe: ({ accounts }, targets) =>
    targets.map(({ item }) => ({ props: { present: accounts.groups.has(item.name) } })),
  converge: ({ host }, { item }) => change(host, "groupadd", [item.name]),
  remove: ({ host, accounts }, { item }) => {
    if (accounts.groups.has(item.name) && item.onRemove !== "keep") change(host, "groupdel", [item.name]);
    return [];
  },
  rename: ({ host, accounts }, from, to) => {
    if (accounts.groups.has(from.name)) change(host, "groupmod", ["--new-name", to.name, "--", from.name]);
  },
};

/** Runs a program such as groupadd. @throws MusterError with the program's error output if it fails */
export function change(host: Host, tool: string, args: readonly string[]): void {
  const { status, stderr } = withHostLock(host, () => host.run(tool, args));
  if (status === 0) return;
  throw new MusterError({
    what: `${tool} ${args.at(-1)}`,
    why: stderr.trim() || `it exited with status ${status}`,
  });
}
