import { agentUnit } from "../../model/host-paths.ts";
import type { HostItem } from "../../model/items.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { release } from "../units/quarantine.ts";
import { clearStaging } from "./commit.ts";
import { dropMark, markOf } from "./move-state.ts";

/**
 * What becomes of a resource's items when it is removed. What an agent left behind when it moved is a copy of what
 * another host has, and goes; all else goes as it is declared.
 */
export function leftBehind(host: Host, id: string): (item: HostItem) => HostItem {
  const agent = agentOf(id);
  const mark = agent === undefined ? undefined : markOf(host, agent);
  const isCopy = mark?.state === "gone" || mark?.isStale === true;
  return (item) => {
    if (!isCopy) return item;
    if (item.kind === "directory" && item.onRemove === "aside") return { ...item, onRemove: "wipe" };
    return item.kind === "rows" ? { ...item, onRemove: "wipe" } : item;
  };
}

/** With an agent goes what is remembered of its moves here. */
export function forgetMove(host: Host, id: string): void {
  const agent = agentOf(id);
  const mark = agent === undefined ? undefined : markOf(host, agent);
  if (mark === undefined) return;
  if (mark.home !== undefined) clearStaging(host, mark.home);
  // Where it never had a unit here, none that went took this with it.
  release(host, agentUnit(mark.agent));
  dropMark(host, mark.agent);
}
