import { randomUUID } from "node:crypto";
import { MusterError } from "../../base/errors.ts";
import { agentUnit } from "../../model/host-paths.ts";
import type { HostRecord } from "../../model/host-record.ts";
import { type LeaveAnswer, type LeaveRequest, MOST_EVENTS, type MoveMark } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import { readAccounts } from "../accounts/accounts.ts";
import { endProcesses } from "../accounts/end-processes.ts";
import type { Host } from "../context.ts";
import { history, record } from "../reports/history.ts";
import { findRecord, readRecords, refuseForeign } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { quarantine, readQuarantine } from "../units/quarantine.ts";
import { stopUnit } from "../units/start-stop.ts";
import { isRunning, showUnits } from "../units/systemctl.ts";
import { type Home, moveHomeOf } from "./home.ts";
import { markOf, writeMark } from "./move-state.ts";

/** Seconds that an agent's last programs get to end by themselves. */
const GRACE = 10;

/**
 * Stops an agent, and keeps it from being started here by anybody, over reboots too. From then on its home does not
 * change. Asked again it is the same move as long as the agent did not run in between.
 */
export function leave(host: Host, request: LeaveRequest): LeaveAnswer {
  return withResourceLock(host, request.id, () => {
    const records = readRecords(host);
    const known = findRecord(records, request.id, request.owner);
    refuseForeign(known, request.owner);
    if (known === undefined) throw notHere(request);
    const home = moveHomeOf(known.id, known.items);
    const before = markOf(host, home.agent);
    if (before?.state === "gone") return answer(host, before, "gone");
    if (before !== undefined && before.state !== "leaving") throw onTheWay(before);
    const mark = keepDown(host, request, home.agent, before);
    for (const job of jobsOf(records, home.agent)) stopUnit(host, job);
    if (!isShared(records, home)) endPrograms(host, home);
    return answer(host, mark, "leaving");
  });
}

/** The mark stands before the agent is stopped: whoever is killed in between does it again. */
function keepDown(host: Host, { to }: LeaveRequest, agent: string, before: MoveMark | undefined): MoveMark {
  const unit = agentUnit(agent);
  const [state] = showUnits(host, [unit]);
  const isHeld = readQuarantine(host, unit) !== undefined;
  // One that is marked and not held down may have run since, and so begins another move.
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
  if (!isHeld) quarantine(host, unit, `it moves to ${to}`);
  if (state?.["LoadState"] !== "not-found") stopUnit(host, unit);
  if (same === undefined) record(host, [{ event: "left", agent, detail: `for ${to}` }]);
  return mark;
}

function answer(host: Host, { agent, move }: MoveMark, state: LeaveAnswer["state"]): LeaveAnswer {
  const { events } = history(host, { op: "history", agent, last: MOST_EVENTS });
  return { move, state, history: events };
}

/** The services of its jobs: that it is held down lets none begin, and ends none. */
function jobsOf(records: readonly HostRecord[], agent: string): string[] {
  return records
    .filter(({ id }) => agentOf(id) === agent)
    .flatMap(({ items }) =>
      Object.values(items).flatMap((item) => (item.kind === "timer" ? [item.service] : [])),
    );
}

/** Under `isolation: tenant` others live on as the same user. */
function isShared(records: readonly HostRecord[], { user, path }: Home): boolean {
  return records
    .flatMap(({ items }) => Object.values(items))
    .some((item) => item.kind === "directory" && item.want.owner === user && item.path !== path);
}

/** What it left running outside of its unit could still write to its home. */
function endPrograms(host: Host, { user }: Home): void {
  const account = readAccounts(host.paths.etc).users.get(user);
  if (account !== undefined && account.uid !== 0) endProcesses(account.uid, GRACE);
}

function notHere({ id }: LeaveRequest): MusterError {
  return new MusterError({ what: id, why: "no home of it is recorded on this host." });
}

function onTheWay({ agent, other }: MoveMark): MusterError {
  return new MusterError({
    what: `${agent} cannot leave`,
    why: `its home has not come here from ${other} yet.`,
    next: "Run `npx pulumi up` again.",
  });
}
