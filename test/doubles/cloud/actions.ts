import { setTimeout as sleep } from "node:timers/promises";
import type { Action } from "./data.ts";
import { notFound } from "./error.ts";
import type { Store } from "./store.ts";

type Work = () => void | Promise<void>;

export interface Subject {
  readonly type: string;
  readonly id: number | string;
  /** The droplet that the action keeps busy, if the subject is another object. */
  readonly droplet?: number;
  readonly region: string;
}

/** Operations that take time. A request starts an action, and clients poll the action by its ID. */
export interface Actions {
  /**
   * Starts an action. The action becomes `completed` when its work is done and the configured delay has passed, or
   * `errored` if its work fails.
   *
   * @param work null for an action that never ends
   */
  begin(type: string, subject: Subject, work: Work | null): Action;
  /** Returns whether a subject has an action in progress. */
  isBusy(type: string, id: number | string): boolean;
  of(type: string, id: number | string): Action[];
  get(id: number): Action;
  /** Does work for which no request waits, such as the removal of a host. */
  background(work: Promise<unknown>): void;
  /** Resolves when no action is in progress. */
  settled(): Promise<void>;
  /** The error messages of failed work. */
  readonly failures: readonly string[];
}

export function makeActions(store: Store, slowness: () => number): Actions {
  const { data } = store;
  const running = new Set<Promise<unknown>>();
  const failures: string[] = [];
  const background = (work: Promise<unknown>): void => {
    const settledWork = work.catch((error: unknown) => {
      failures.push(error instanceof Error ? error.message : String(error));
    });
    running.add(settledWork);
    void settledWork.finally(() => running.delete(settledWork));
  };
  const of = (type: string, id: number | string): Action[] =>
    data.actions.filter(({ resourceType, resourceId }) => resourceType === type && resourceId === id);
  return {
    begin: (type, subject, work) => {
      const action = newAction(store, type, subject);
      data.actions.push(action);
      if (work !== null) background(carryOut(store, action, slowness(), work));
      return action;
    },
    isBusy: (type, id) =>
      data.actions.some(
        ({ status, droplet, ...action }) =>
          status === "in-progress" &&
          ((action.resourceType === type && action.resourceId === id) ||
            (type === "droplet" && droplet === id)),
      ),
    of,
    get: (id) => {
      const found = data.actions.find((action) => action.id === id);
      if (found === undefined) throw notFound();
      return found;
    },
    background,
    settled: async () => {
      while (running.size > 0) await Promise.all(running);
    },
    failures,
  };
}

function newAction(store: Store, type: string, { type: resourceType, id, droplet, region }: Subject): Action {
  return {
    id: store.nextId(),
    type,
    status: "in-progress",
    startedAt: new Date().toISOString(),
    completedAt: null,
    resourceType,
    resourceId: id,
    ...(droplet !== undefined && { droplet }),
    region,
  };
}

async function carryOut(store: Store, action: Action, slow: number, work: Work): Promise<void> {
  try {
    await sleep(slow);
    await work();
    action.status = "completed";
  } catch (error) {
    action.status = "errored";
    throw error;
  } finally {
    action.completedAt = new Date().toISOString();
    store.save();
  }
}

/** Returns an action in the form in which the API returns it. */
export function shownAction(action: Action): object {
  return {
    id: action.id,
    status: action.status,
    type: action.type,
    started_at: action.startedAt,
    completed_at: action.completedAt,
    resource_id: numberOf(action.resourceId),
    resource_type: action.resourceType,
    region_slug: action.region,
  };
}

/** Returns an action's subject as the API's number: the numeric value of an address, and null for a volume. */
function numberOf(id: number | string): number | null {
  if (typeof id === "number") return id;
  const bytes = id.split(".");
  return bytes.length === 4 ? bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0) : null;
}
