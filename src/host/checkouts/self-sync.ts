import { MusterError } from "../../base/errors.ts";
import { labelOf, partOf } from "../../model/agent-parts.ts";
import { isAgentUnit } from "../../model/host-paths.ts";
import type { HostRecord } from "../../model/host-record.ts";
import type { CheckoutItem, HostItem } from "../../model/items.ts";
import type { ConvergeRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { refuseItems, writeItems } from "../reconcile/apply-changes.ts";
import { awaitStable } from "../reconcile/await-stable.ts";
import { noteDrift, noteRepairs } from "../reconcile/note-repairs.ts";
import { type NamedItem, observationsOf, observeAll } from "../reconcile/observe-items.ts";
import { compareTask, prepareTask, type ResourceTask } from "../reconcile/prepare-converge-task.ts";
import { restartReaders } from "../reconcile/restart-readers.ts";
import { type RequestContext, requestContext } from "../request-context.ts";
import { readRecords } from "../store/records.ts";
import { isSecretItem } from "../store/secret-hasher.ts";
import { reasonOf } from "../system/error-reason.ts";
import { withResourceLock } from "../system/locks.ts";
import { findCheckoutOf } from "./checkout-records.ts";
import { readState } from "./checkout-state.ts";
import { touchedUnits } from "./touched-units.ts";
import { rollBackFor } from "./trials.ts";

/** The result of a self-sync, which the command prints as one line of JSON. */
export interface SelfSyncResult {
  readonly agent: string;
  /** The commit of the checkout. */
  readonly revision: string;
  /** What was repaired, such as `SOUL.md.content`. */
  readonly repaired: readonly string[];
  /** The units that were restarted because they use a changed file. */
  readonly restarted: readonly string[];
  /** The units that restart when their agent is idle. */
  readonly deferred: readonly string[];
  /** The branch on which local work was kept; absent if there was none. */
  readonly keptOn?: string;
}

/**
 * Brings an agent's checkout to the revision that `up` applied last, and repairs the files of its identity. Uses the
 * same functions as `up`, so the repairs are in the ledger, and nothing but root's copies is a source.
 *
 * @param by the person or user that has requested it
 * @throws MusterError if the checkout or a file could not be repaired
 */
export async function selfSync(host: Host, agent: string, by: string): Promise<SelfSyncResult> {
  const found = findCheckoutOf(host, agent);
  if (found === undefined)
    throw new MusterError({
      what: agent,
      why: "this agent has no repository on this host.",
      next: "Declare `repository` in fleet.yaml, and run `npx pulumi up`.",
    });
  const { record, item: checkout } = found;
  const before = readState(host, checkout.folder);
  refuseFailed(checkout, before.failed);
  const done = withResourceLock(host, record.id, () => repair(host, record, by));
  const units = done.units.filter((unit) => !done.waiting.includes(unit));
  try {
    await awaitStable(host, units.filter(isAgentUnit), {});
  } catch (error) {
    throw new MusterError({ what: agent, why: rollBackFor(host, record.id, reasonOf(error)) });
  }
  const { revision = "", kept } = readState(host, checkout.folder);
  return {
    ...{ agent, revision, repaired: done.repaired, restarted: units, deferred: done.waiting },
    ...(kept !== undefined && kept.at !== before.kept?.at && { keptOn: kept.branch }),
  };
}

/** Refuses a revision that was rolled back, because the agent would otherwise fail and restart again and again. */
function refuseFailed(
  { want }: CheckoutItem,
  failed: { revision: string; why: string; at: string } | undefined,
) {
  if (failed?.revision !== want.revision) return;
  throw new MusterError({
    what: `the revision ${want.revision.slice(0, 12)}`,
    why: `it was rolled back at ${failed.at}: ${failed.why}.`,
    next: "Declare another revision in fleet.yaml, or try this one again with `npx pulumi up`.",
  });
}

interface Repaired {
  readonly repaired: readonly string[];
  readonly units: readonly string[];
  readonly waiting: readonly string[];
}

function repair(host: Host, record: HostRecord, by: string): Repaired {
  const context = requestContext(host);
  const task = identityTask(context, record, by);
  const observed = observe(context, task.targets);
  const comparison = compareTask(task, observed);
  if (comparison.toDo.length === 0) return { repaired: [], units: [], waiting: [] };
  noteDrift(context, task, comparison);
  refuseItems(context, task);
  const change = { task, ...comparison, restart: [] };
  const written = writeItems(context, change);
  const waiting = restartReaders(context, [{ task, written }]).get(task) ?? [];
  noteRepairs(context, task, comparison, observe(context, task.targets));
  const [failure] = task.parts.failures;
  if (failure !== undefined) throw new MusterError(failure.error);
  if (task.parts.error !== undefined) throw task.parts.error;
  const units = written.flatMap((item) =>
    item.kind === "checkout" ? touchedUnits(item) : (item.notify ?? []),
  );
  const repaired = comparison.changed.map((one) => labelOf(one));
  return { repaired, units: [...new Set(units)].filter((unit) => task.parts.started.has(unit)), waiting };
}

/** Builds the task for the checkout and the files of the identity, as the last `up` has declared them. */
function identityTask(context: RequestContext, record: HostRecord, by: string): ResourceTask {
  const items = Object.fromEntries(Object.entries(record.items).filter(([name, item]) => isOwn(name, item)));
  const request: ConvergeRequest = {
    ...{ op: "converge", id: record.id, type: record.type, owner: record.owner },
    ...{ items: record.items, contents: {}, secrets: {}, by, run: `self-sync ${new Date().toISOString()}` },
  };
  const task = prepareTask(context, readRecords(context.host), request);
  const targets = task.targets.filter(({ name, item }) => isOwn(name, item));
  return { ...task, targets, request: { ...task.request, items } };
}

function isOwn(name: string, item: HostItem): boolean {
  return partOf(name) === "identity" && ["checkout", "file"].includes(item.kind) && !isSecretItem(item);
}

function observe(context: RequestContext, targets: readonly NamedItem[]) {
  return observationsOf(targets, observeAll(context, targets));
}
