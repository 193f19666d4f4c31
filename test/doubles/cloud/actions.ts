import { setTimeout as sleep } from "node:timers/promises";
import { notFound } from "./error.ts";
import type { Store } from "./store.ts";
import type { Action } from "./things.ts";

type Work = () => void | Promise<void>;

export interface Subject {
  readonly type: string;
  readonly id: number | string;
  readonly region: string;
}

/** What takes time: it is begun at once, and asked after by its number. */
export interface Actions {
  /**
   * Begins one; it is `completed` when its work is done and the cloud's slowness has passed, else `errored`.
   *
   * @param work null for what never ends
   */
  begin(type: string, subject: Subject, work: Work | null): Action;
  /** Whether a subject has one under way. */
  isBusy(type: string, id: number | string): boolean;
  of(type: string, id: number | string): Action[];
  get(id: number): Action;
  /** Work that no request waits for, such as the end of a host. */
  background(work: Promise<unknown>): void;
  /** Done when nothing is under way any more. */
  settled(): Promise<void>;
  /** What failed, in the words of the failure. */
  readonly failures: readonly string[];
}

export function makeActions(store: Store, slowness: () => number): Actions {
  const { data } = store;
  const running = new Set<Promise<unknown>>();
  const failures: string[] = [];
  const background = (work: Promise<unknown>): void => {
    const told = work.catch((error: unknown) => {
      failures.push(error instanceof Error ? error.message : String(error));
    });
    running.add(told);
    void told.finally(() => running.delete(told));
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
    isBusy: (type, id) => of(type, id).some(({ status }) => status === "in-progress"),
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

function newAction(store: Store, type: string, { type: resourceType, id, region }: Subject): Action {
  return {
    id: store.nextId(),
    type,
    status: "in-progress",
    startedAt: new Date().toISOString(),
    completedAt: null,
    resourceType,
    resourceId: id,
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

/** An action as the API shows it. */
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

/** The API tells of an action's subject as a number: an address as the number that it is, and a volume not at all. */
function numberOf(id: number | string): number | null {
  if (typeof id === "number") return id;
  const bytes = id.split(".");
  return bytes.length === 4 ? bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0) : null;
}
