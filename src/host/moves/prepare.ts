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
import { endProcesses } from "../accounts/end-processes.ts";
import { refuseLogin } from "../accounts/login-users.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import { converge } from "../reconcile/converge.ts";
import { history, record } from "../reports/history.ts";
import { holderOfUser, refuseHeld } from "../store/items-of-other-stacks.ts";
import { readLoginRecord } from "../store/login-records.ts";
import { findRecord, readRecords, refuseForeign } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { quarantine, readPause, readQuarantine } from "../units/quarantine.ts";
import { stopUnit } from "../units/start-stop.ts";
import { isRunning, showUnits } from "../units/systemctl.ts";
import { clearStaging, placeHome } from "./complete-or-cancel.ts";
import { refuseLinkedHome, refuseLinksAway } from "./move-links.ts";
import { type Home, moveHomeOf, readMark, writeMark } from "./move-state.ts";
import { beginUnpacking, endUnpacking } from "./transfer.ts";

/** Seconds to wait until the agent's remaining programs end by themselves. */
const GRACE = 10;

/**
 * Prepares a move on the old host: stops the agent and keeps it down, even after a reboot, so that the
 * agent's home no longer changes. A repeated request continues the same move, unless the agent has run since
 * the first request.
 */
export function leave(host: Host, request: LeaveRequest): LeaveAnswer {
  return withResourceLock(host, request.id, () => {
    const records = readRecords(host);
    const known = findRecord(records, request.id, request.owner);
    refuseForeign(known, request.owner);
    if (known === undefined) throw notRecorded(request);
    const home = moveHomeOf(known.id, known.items);
    const before = readMark(host, home.agent);
    const logins = loginRecordsOf(host, known.items);
    if (before?.state === "gone") return { ...answer(host, before, "gone"), ...logins };
    if (before !== undefined && before.state !== "leaving") throw stillArriving(before);
    refusePaused(host, home.agent);
    refuseLogin(host, readAccounts(host.paths.etc), home.user, "moved");
    refuseLinksAway(host, known.items, home);
    const mark = holdDown(host, request, home.agent, before);
    for (const job of jobsOf(records, home.agent)) stopUnit(host, job);
    if (!isShared(records, home)) endPrograms(host, home);
    return { ...answer(host, mark, "leaving"), ...logins };
  });
}

/** Returns the records of the agent's login files. The files themselves move with the home. */
function loginRecordsOf(host: Host, items: Items): Pick<LeaveAnswer, "logins"> {
  const records = Object.values(items).flatMap((item) => {
    const record =
      item.kind === "file" && item.write === "adopt" ? readLoginRecord(host, item.path) : undefined;
    return item.kind === "file" && record !== undefined ? [[item.path, record] as const] : [];
  });
  return records.length === 0 ? {} : { logins: Object.fromEntries(records) };
}

/**
 * Stops the agent and keeps it down. The record of the move is written first. If this run is killed, the next
 * run therefore stops the agent again.
 */
function holdDown(host: Host, { to }: LeaveRequest, agent: string, before: MoveMark | undefined): MoveMark {
  const unit = agentUnit(agent);
  const [state] = showUnits(host, [unit]);
  const isHeld = readQuarantine(host, unit) !== undefined;
  // If a move is recorded but the agent is not in quarantine, the agent may have run
  // since then, so this is a new move.
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

/**
 * Returns the services of the agent's jobs. These services must be stopped too, because the quarantine only prevents
 * new runs of a job.
 */
function jobsOf(records: readonly HostRecord[], agent: string): string[] {
  return records
    .filter(({ id }) => agentOf(id) === agent)
    .flatMap(({ items }) =>
      Object.values(items).flatMap((item) => (item.kind === "timer" ? [item.service] : [])),
    );
}

/** Whether other agents run as the home's user, as under `isolation: tenant`. */
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

/** Refuses to move a paused agent, because the new host would start the agent. @throws MusterError */
function refusePaused(host: Host, agent: string): void {
  const pause = readPause(host, agentUnit(agent));
  if (pause === undefined) return;
  throw new MusterError({
    what: `${agent} was not moved`,
    why: `${pause.park === undefined ? `${pause.by} has paused it` : "it is parked"}, and the new host would start it.`,
    next: `Run \`npx fleet resume ${agent}\` first.`,
  });
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
 * Prepares a move on the new host: creates the user that owns the home, and a staging folder beside the home's path.
 */
export function arrive(host: Host, request: ArriveRequest): ArriveAnswer {
  const home = moveHomeOf(request.id, request.items);
  refuseLinkedHome(home);
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
function markArriving(host: Host, request: ArriveRequest, home: Home): MoveMark | undefined {
  const { id, owner, from } = request;
  const { agent, path } = home;
  const before = readMark(host, agent);
  const records = readRecords(host);
  const isKnown = findRecord(records, id, owner) !== undefined;
  if (before === undefined ? isKnown : before.state === "leaving") return undefined;
  refuseHeld(records, request);
  if (before === undefined) refuseTaken(host, request, home, records);
  if (before !== undefined && before.state !== "gone") return before;
  return writeMark(host, arrivingMark(from, "", { agent, path }, before?.state === "gone"));
}

/**
 * Refuses an agent if its user or home belongs to somebody else on this host. Called only for a move that has created
 * nothing on this host yet.
 *
 * @throws MusterError that names the existing user or home
 */
function refuseTaken(
  host: Host,
  { items }: ArriveRequest,
  { agent, path, user }: Home,
  records: readonly HostRecord[],
): void {
  const accounts = readAccounts(host.paths.etc);
  const account = accounts.users.get(user);
  const isOwn = Object.values(items).some((item) => item.kind === "user" && item.name === user);
  if (isOwn && account !== undefined) {
    const holder = holderOfUser(records, user);
    const whose =
      holder === undefined ? "no stack of Muster has created it" : `it belongs to ${holder.owner}`;
    throw taken(agent, `the user ${user} exists on this host already, and ${whose}.`);
  }
  const owner = withPathItem(path, (entry) => entry?.stats.uid);
  if (owner === undefined || owner === account?.uid || accounts.userName(owner) === String(owner)) return;
  throw taken(agent, `${path} exists on this host already and belongs to ${accounts.userName(owner)}.`);
}

function taken(agent: string, why: string): MusterError {
  return new MusterError({
    what: `${agent} was not moved to this host`,
    why,
    next: "Give the agent another name (docs/moving.md), or move what is there out of the way by hand.",
  });
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
  // If an earlier move has placed the home but was never completed, the agent has not used that home. The
  // home is therefore only a copy.
  const hasCopy = mark?.isStale === true || mark?.state === "arrived";
  writeMark(host, arrivingMark(from, move, home, hasCopy));
  endUnpacking(move);
  clearStaging(host, home.path);
  beginUnpacking(host, home, move);
  return { state: "open" };
}
