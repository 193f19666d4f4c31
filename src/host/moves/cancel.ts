import { MusterError } from "../../base/errors.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { Items } from "../../model/items.ts";
import type { MoveMark } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { release } from "../units/quarantine.ts";
import { clearStaging, place } from "./commit.ts";
import { moveHomeOf } from "./home.ts";
import { dropMark, markOf } from "./move-state.ts";

/** Nobody else ever had an agent's home while it is marked as leaving, so it may live here again. */
export function comeBack(host: Host, { agent, other, held }: MoveMark): void {
  record(host, [{ event: "arrived", agent, detail: `again: it did not move to ${other}` }]);
  if (!held) release(host, agentUnit(agent));
  dropMark(host, agent);
}

/**
 * To be called before a home is made as it is declared by a run that does not move it: where it was to come from was
 * given up. What came whole is the home; what did not is nothing.
 */
export function endArrival(host: Host, id: string, items: Items): void {
  const agent = agentOf(id);
  const mark = agent === undefined ? undefined : markOf(host, agent);
  if (mark?.home === undefined || !Object.values(items).some(({ kind }) => kind === "directory")) return;
  if (mark.state === "placing") place(host, { ...moveHomeOf(id, items), path: mark.home }, mark);
  clearStaging(host, mark.home);
  record(host, [{ event: "arrived", agent: mark.agent, detail: `from ${mark.other}, which was given up` }]);
  dropMark(host, mark.agent);
}

/**
 * To be called before the unit of an agent is made: one that was about to leave stays, as that is declared now, and
 * one whose home is elsewhere does not start.
 *
 * @throws MusterError where the home is elsewhere
 */
export function stayOrRefuse(host: Host, unit: string): void {
  const agent = /^muster-agent-(.+)\.service$/.exec(unit)?.[1];
  const mark = agent === undefined ? undefined : markOf(host, agent);
  if (mark === undefined) return;
  if (mark.state === "leaving") {
    comeBack(host, mark);
    return;
  }
  const isGone = mark.state === "gone";
  throw new MusterError({
    what: `${mark.agent} does not start`,
    why: isGone ? `its home has gone to ${mark.other}.` : `its home has not come from ${mark.other} yet.`,
    next: isGone
      ? `Declare it on ${mark.other}, or run \`npx pulumi up\` again.`
      : "Run `npx pulumi up` again.",
  });
}
