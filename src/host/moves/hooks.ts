import { MusterError } from "../../base/errors.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { Host, LifecycleHooks } from "../context.ts";
import { record } from "../reports/history.ts";
import { readQuarantine, release } from "../units/quarantine.ts";
import { cancelLeaving, clearStaging, placeHome } from "./commit.ts";
import { deleteMark, markOfResource, readMark, readMarks } from "./move-state.ts";

/** Applies the effects of a move to other requests about the moving agent. */
export const moveHooks: LifecycleHooks = {
  beforeConverge: (host, id, items) => {
    cancelArrival(host, id, items);
    for (const item of Object.values(items)) if (item.kind === "unit") cancelOrRefuse(host, item.name);
  },
  itemsToRemove: (host, id, items) => {
    const mark = markOfResource(host, id);
    const isCopy = mark?.state === "gone" || mark?.isStale === true;
    if (!isCopy) return items;
    return Object.fromEntries(Object.entries(items).map(([name, item]) => [name, withoutArchive(item)]));
  },
  afterRemove: (host, id) => {
    const mark = markOfResource(host, id);
    if (mark === undefined) return;
    if (mark.home !== undefined) clearStaging(host, mark.home);
    // If the agent never had a unit here, removing its items has not released it from quarantine.
    release(host, agentUnit(mark.agent));
    deleteMark(host, mark.agent);
  },
  beforeStart: (host, agent, unit) => {
    const mark = readMark(host, agent);
    if (mark === undefined || readQuarantine(host, unit) === undefined) return;
    throw new MusterError({
      what: agent,
      why: `its move to or from ${mark.other} is not complete.`,
      next: "`npx pulumi up` completes the move, or cancels it if fleet.yaml declares the agent on its old host.",
    });
  },
  addToObservation: (host) => {
    const moves = readMarks(host);
    return moves.length > 0 ? { moves } : {};
  },
};

/**
 * Ends a move to this host that is no longer continued, because the home on the old host was given up. If the
 * home has arrived completely, the agent gets it; an incomplete home is deleted.
 */
function cancelArrival(host: Host, id: string, items: Items): void {
  const mark = markOfResource(host, id);
  if (mark?.home === undefined || !Object.values(items).some(({ kind }) => kind === "directory")) return;
  if (mark.state === "placing") placeHome(host, { path: mark.home }, mark);
  clearStaging(host, mark.home);
  const detail = `from ${mark.other}, where its data was given up`;
  record(host, [{ event: "arrived", agent: mark.agent, detail }]);
  deleteMark(host, mark.agent);
}

/**
 * Cancels the move of an agent that was about to leave this host: since the agent's unit is to be applied,
 * fleet.yaml declares the agent here again.
 *
 * @throws MusterError if the agent's home is on another host or has not arrived yet
 */
function cancelOrRefuse(host: Host, unit: string): void {
  const agent = /^muster-agent-(.+)\.service$/.exec(unit)?.[1];
  const mark = agent === undefined ? undefined : readMark(host, agent);
  if (mark === undefined) return;
  if (mark.state === "leaving") {
    cancelLeaving(host, mark);
    return;
  }
  const isGone = mark.state === "gone";
  throw new MusterError({
    what: `${mark.agent} cannot start`,
    why: isGone ? `its home has moved to ${mark.other}.` : `its home has not arrived from ${mark.other} yet.`,
    next: isGone
      ? `Declare it on ${mark.other}, or run \`npx pulumi up\` again.`
      : "Run `npx pulumi up` again.",
  });
}

/** Changes an item so that it is deleted without being archived, because its data is now on another host. */
function withoutArchive(item: HostItem): HostItem {
  if (item.kind === "directory" && item.onRemove === "aside") return { ...item, onRemove: "wipe" };
  return item.kind === "rows" ? { ...item, onRemove: "wipe" } : item;
}
