import { subjectOf } from "../../model/resource-id.ts";
import { accountOf, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { writeRecord } from "../store/records.ts";
import { reasonOf } from "../system/error-reason.ts";
import { withResourceLock } from "../system/locks.ts";
import { monotonic } from "../units/deadman-view-file.ts";
import { readDeferredRestart } from "../units/deferred-restarts.ts";
import { readPause, readQuarantine, release } from "../units/quarantine.ts";
import { start } from "../units/start-stop.ts";
import { isRunning, showProperties } from "../units/systemctl.ts";
import { findCheckoutAt, type RecordedCheckout } from "./checkout-records.ts";
import { allStates, type CheckoutState, readState, writeState } from "./checkout-state.ts";
import { resetCheckout } from "./reset-checkout.ts";

/** Seconds for which a unit must run with a new revision before the revision counts as healthy. */
const MUST_RUN = 20;

/** Seconds after which a unit that still restarts counts as unhealthy. */
const PATIENCE = 60;

/** The number of seconds after a reset before the deadman examines the units, because the run examines them first. */
const HEAD_START = 10;

/** Returns the trials that the deadman must examine now. */
export function dueTrials(host: Host): CheckoutState[] {
  return allStates(host).filter(({ trial }) => trial !== undefined && ageOf(trial.since) >= HEAD_START);
}

/** Ends each trial whose units are healthy, and rolls back each checkout with a unit that does not become healthy. */
export function settleTrials(host: Host): void {
  for (const { folder } of dueTrials(host)) {
    const found = findCheckoutAt(host, folder);
    if (found === undefined) continue;
    withResourceLock(host, found.record.id, () => settle(host, folder, found));
  }
}

function settle(host: Host, folder: string, found: RecordedCheckout): void {
  const { trial, ...rest } = readState(host, folder);
  if (trial === undefined) return;
  const verdicts = trial.units.map((unit) => ({ unit, verdict: verdictOf(host, unit, trial.since) }));
  const bad = verdicts.find(({ verdict }) => verdict === "unhealthy");
  if (bad !== undefined) rollBack(host, found, `${bad.unit} did not become healthy`);
  else if (verdicts.every(({ verdict }) => verdict === "healthy")) writeState(host, rest);
}

function verdictOf(host: Host, unit: string, since: string): "healthy" | "unhealthy" | "open" {
  if (readDeferredRestart(host, unit) !== undefined) return "open";
  if (readPause(host, unit) !== undefined) return "healthy";
  if (readQuarantine(host, unit) !== undefined) return "unhealthy";
  const [state = {}] = showProperties(
    host,
    [unit],
    ["ActiveState", "SubState", "ActiveEnterTimestampMonotonic"],
  );
  const isUp = isRunning(state) && state["SubState"] !== "auto-restart";
  const ran = isUp ? monotonic() - Number(state["ActiveEnterTimestampMonotonic"] ?? 0) / 1e6 : 0;
  if (isUp && ran >= MUST_RUN) return "healthy";
  return ageOf(since) >= PATIENCE ? "unhealthy" : "open";
}

function ageOf(since: string): number {
  return (Date.now() - Date.parse(since)) / 1000;
}

/**
 * Rolls back the checkouts of a resource, because a unit that uses them has not started or has exited.
 *
 * @returns the reason, with a sentence about each rollback
 */
export function rollBackFor(host: Host, id: string, why: string): string {
  const sentences = allStates(host).flatMap(({ folder, trial }) => {
    const found = trial && findCheckoutAt(host, folder);
    if (found?.record.id !== id) return [];
    return withResourceLock(host, id, () => rollBack(host, found, why)) ?? [];
  });
  return sentences.length === 0 ? why : [why.replace(/\.?$/, "."), ...sentences].join(" ");
}

/** Resets a checkout to its former revision, and restarts its units. @returns a sentence; undefined if nothing was done */
function rollBack(
  host: Host,
  { record: resource, name, item }: RecordedCheckout,
  why: string,
): string | undefined {
  const { trial, revision, previous } = readState(host, item.folder);
  if (trial === undefined || revision === undefined || previous === undefined) return undefined;
  const account = accountOf(readAccounts(host.paths.etc), item.actor);
  const to = { ...item, want: { ...item.want, revision: previous } };
  let sentence = `The checkout ${item.folder} is back at ${previous.slice(0, 12)}, because ${revision.slice(0, 12)} failed.`;
  try {
    const state = resetCheckout(host, to, account);
    writeState(host, { ...state, failed: { revision, why, at: new Date().toISOString() } });
    const applied = { ...resource.applied?.[name], revision: previous };
    writeRecord(host, { ...resource, applied: { ...resource.applied, [name]: applied } });
  } catch (error) {
    const { trial: _, ...state } = readState(host, item.folder);
    writeState(host, state);
    sentence = `The checkout ${item.folder} could not be reset to ${previous.slice(0, 12)}: ${reasonOf(error)}`;
  }
  const { name: agent } = subjectOf(resource.id);
  record(host, [{ event: "rolled-back", agent, detail: `${sentence} ${why}`.replace(/\.$/, "") }]);
  for (const unit of trial.units) startAgain(host, unit);
  return sentence;
}

function startAgain(host: Host, unit: string): void {
  try {
    release(host, unit);
    start(host, "restart", unit);
  } catch {
    // The unit also fails with the former revision. The deadman reports this.
  }
}
