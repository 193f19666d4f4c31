import { randomUUID } from "node:crypto";
import { MusterError } from "../../base/errors.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { Items } from "../../model/items.ts";
import {
  type ArriveAnswer,
  type ArriveRequest,
  type LeaveAnswer,
  type LeaveRequest,
  MOST_EVENTS,
  type MoveMark,
} from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import { readAccounts } from "../accounts/accounts.ts";
import { endProcesses } from "../accounts/end-processes.ts";
import type { Host } from "../context.ts";
import { converge } from "../reconcile/converge.ts";
import { history, record } from "../reports/history.ts";
import { findRecord, readRecords, refuseForeign } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { quarantine, readQuarantine } from "../units/quarantine.ts";
import { stopUnit } from "../units/start-stop.ts";
import { isRunning, showUnits } from "../units/systemctl.ts";
import { clearStaging, placeHome } from "./commit.ts";
import { type Home, moveHomeOf, readMark, writeMark } from "./move-state.ts";
import { beginUnpacking, endUnpacking } from "./transfer.ts";

/** Seconds that the agent's remaining programs get to end by themselves. */
const GRACE = 10;

/**
 * Prepares a move on the old host: stops the agent and keeps it down, even after a reboot, so that its home
 * no longer changes. A repeated request continues the same move, unless the agent has run since the first
 * request.
 */
export function leave(host: Host, request: LeaveRequest): LeaveAnswer {
  return withResourceLock(host, request.id, () => {
    const records = readRecords(host);
    const known = findRecord(records, request.id, request.owner);
    refuseForeign(known, request.owner);
    if (known === undefined) throw notRecorded(request);
    const home = moveHomeOf(known.id, known.items);
    const before = readMark(host, home.agent);
    if (before?.state === "gone") return answer(host, before, "gone");
    if (before !== undefined && before.state !== "leaving") throw stillArriving(before);
    const mark = holdDown(host, request, home.agent, before);
    for (const job of jobsOf(records, home.agent)) stopUnit(host, job);
    if (!isShared(records, home)) endPrograms(host, home);
    return answer(host, mark, "leaving");
  });
}

/**
 * Stops the agent and keeps it down. The mark is written first, so that if this run is killed, the next one
 * stops the agent again.
 */
function holdDown(host: Host, { to }: LeaveRequest, agent: string, before: MoveMark | undefined): MoveMark {
  const unit = agentUnit(agent);
  const [state] = showUnits(host, [unit]);
  const isHeld = readQuarantine(host, unit) !== undefined;
  // An agent that is marked but not in quarantine may have run since it was marked, so this is a new move.
  const same = isHeld ? before : undefined;
  const mark = writeMark(host, {
    agent,
    state: "leaving",
    move: same?.move ?? randomUUID(),
    other: to,
    since: same?.since ?? new Date().toISOString(),
    ...((same?.ran || isRunning(state)) && { ran: true }),
    ...((same === undefined ? isHeld : same.held) && { held: true }),
  });
  if (!isHeld) quarantine(host, unit, `it is moving to ${to}`);
  if (state?.["LoadState"] !== "not-found") stopUnit(host, unit);
  if (same === undefined) record(host, [{ event: "left", agent, detail: `for ${to}` }]);
  return mark;
}

function answer(host: Host, { agent, move }: MoveMark, state: LeaveAnswer["state"]): LeaveAnswer {
  const { events } = history(host, { op: "history", agent, last: MOST_EVENTS });
  return { move, state, history: events };
}

/** Returns the services of the agent's jobs. The quarantine only prevents new runs of a job. */
function jobsOf(records: readonly HostRecord[], agent: string): string[] {
  return records
    .filter(({ id }) => agentOf(id) === agent)
    .flatMap(({ items }) =>
      Object.values(items).flatMap((item) => (item.kind === "timer" ? [item.service] : [])),
    );
}

/** Whether other agents run as the home's user, as they do under `isolation: tenant`. */
function isShared(records: readonly HostRecord[], { user, path }: Home): boolean {
  return records
    .flatMap(({ items }) => Object.values(items))
    .some((item) => item.kind === "directory" && item.want.owner === user && item.path !== path);
}

/** Ends the agent's programs that still run outside the unit, because they could write to the home. */
function endPrograms(host: Host, { user }: Home): void {
  const account = readAccounts(host.paths.etc).users.get(user);
  if (account !== undefined && account.uid !== 0) endProcesses(account.uid, GRACE);
}

function notRecorded({ id }: LeaveRequest): MusterError {
  return new MusterError({ what: id, why: "this host has no record of its home." });
}

function stillArriving({ agent, other }: MoveMark): MusterError {
  return new MusterError({
    what: `${agent} cannot leave`,
    why: `its home has not arrived here from ${other} yet.`,
    next: "Run `npx pulumi up` again.",
  });
}

/**
 * Prepares a move on the new host: creates the user that owns the home, and a staging folder next to the
 * home's path.
 */
export function arrive(host: Host, request: ArriveRequest): ArriveAnswer {
  const home = moveHomeOf(request.id, request.items);
  const mark = withResourceLock(host, request.id, () => markArriving(host, request, home));
  if (mark === undefined) return { state: "lives" };
  makeAccounts(host, request);
  if (request.move === undefined) return { state: mark.state === "arrived" ? "arrived" : "open" };
  return withResourceLock(host, request.id, () => openArrival(host, request, home, request.move ?? ""));
}

/**
 * Records that the agent is arriving, before anything is created for it.
 *
 * @returns undefined if the agent already lives on this host
 */
function markArriving(
  host: Host,
  { id, owner, from }: ArriveRequest,
  { agent, path }: Home,
): MoveMark | undefined {
  const before = readMark(host, agent);
  const isKnown = findRecord(readRecords(host), id, owner) !== undefined;
  if (before === undefined ? isKnown : before.state === "leaving") return undefined;
  if (before !== undefined && before.state !== "gone") return before;
  return writeMark(host, arrivingMark(from, "", { agent, path }, before?.state === "gone"));
}

/** Creates the user that owns the home. The resource's record is completed when the home has arrived. */
function makeAccounts(host: Host, { id, type, owner, items }: ArriveRequest): void {
  if (findRecord(readRecords(host), id, owner)?.owner === owner) return;
  const accounts = Object.entries(items).filter(([, { kind }]) => kind === "user");
  const only: Items = Object.fromEntries(accounts);
  converge(host, { op: "converge", id, type, owner, items: only, contents: {}, secrets: {} });
}

function arrivingMark(
  other: string,
  move: string,
  { agent, path }: Pick<Home, "agent" | "path">,
  isStale: boolean,
): MoveMark {
  const since = new Date().toISOString();
  return { agent, state: "arriving", move, other, since, home: path, ...(isStale && { isStale }) };
}

function openArrival(host: Host, { from }: ArriveRequest, home: Home, move: string): ArriveAnswer {
  const mark = readMark(host, home.agent);
  if (mark?.move === move && mark.state === "arrived") return { state: "arrived" };
  if (mark?.move === move && mark.state === "placing") {
    placeHome(host, home, mark);
    return { state: "arrived" };
  }
  // If an earlier move placed the home but was never completed, the agent has not used that home, which is
  // therefore only a copy.
  const hasCopy = mark?.isStale === true || mark?.state === "arrived";
  writeMark(host, arrivingMark(from, move, home, hasCopy));
  endUnpacking(move);
  clearStaging(host, home.path);
  beginUnpacking(host, home, move);
  return { state: "open" };
}
