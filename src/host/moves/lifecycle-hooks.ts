import { MusterError } from "../../base/errors.ts";
import { isFormerUnit } from "../../model/found-items.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { HostItem, Items } from "../../model/items.ts";
import type { Host, LifecycleHooks } from "../context.ts";
import { record } from "../reports/history.ts";
import { readQuarantine, release } from "../units/quarantine.ts";
import { cancelLeaving, clearStaging, placeHome } from "./complete-or-cancel.ts";
import { deleteMark, markOfResource, readMark, readMarks } from "./move-state.ts";

/** Changes how other requests about a moving agent are handled. */
export const moveHooks: LifecycleHooks = {
  beforeConverge: (host, id, items) => {
    cancelArrival(host, id, items);
    for (const item of Object.values(items)) if (item.kind === "unit") cancelOrRefuse(host, item.name);
  },
  toRemove: (host, resource) => {
    const mark = markOfResource(host, resource.id);
    const isCopy = mark?.state === "gone" || mark?.isStale === true;
    if (!isCopy) return resource;
    // The agent runs on another host now, so its former units must not start here again.
    const left = Object.entries(resource.items).filter(([, item]) => !isFormerUnit(item));
    return {
      id: resource.id,
      items: Object.fromEntries(left.map(([name, item]) => [name, withoutArchive(item)])),
    };
  },
  afterRemove: (host, id) => {
    const mark = markOfResource(host, id);
    if (mark === undefined) return;
    if (mark.home !== undefined) clearStaging(host, mark.home);
    // If the agent never had a unit on this host, the agent is still in quarantine after its items have been removed.
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
 * Ends a move to this host after a person has given up the copy of the home on the old host. If the complete
 * home has already arrived here, the agent uses it. An incomplete home is deleted.
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
 * Cancels the move of an agent that is leaving this host. A request to apply the agent's unit means that
 * fleet.yaml declares the agent on this host again.
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
      ? `Declare the agent on ${mark.other}, or run \`npx pulumi up\` again.`
      : "Run `npx pulumi up` again.",
  });
}

/** Changes an item so that it is deleted without being archived, because its data is now on another host. */
function withoutArchive(item: HostItem): HostItem {
  if (item.kind === "directory" && item.onRemove === "aside") return { ...item, onRemove: "wipe" };
  return item.kind === "rows" ? { ...item, onRemove: "wipe" } : item;
}
