import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import { type QueueLimits, routeTask, type TaskRoute } from "../../model/routes.ts";
import { inTransaction } from "../tasks/open-queue.ts";
import { isFull } from "../tasks/queue-load.ts";
import { addTask, insertTask, type NewTask, NOW, type Task } from "../tasks/task-queue.ts";

/** A task that moves from the queue of one agent to the queue of another agent. */
export interface Handoff {
  /** A random UUID. The target never adds two tasks with the same source and id. */
  readonly id: string;
  readonly target: string;
  readonly subject: string;
  readonly description: string;
  readonly priority: number;
  /** 1 if the source wants the task back, unless the target already has the task. */
  readonly isWithdrawn: 0 | 1;
}

/** A row of the table `handoffs`. */
export interface HandoffRow extends Omit<Handoff, "isWithdrawn"> {
  readonly task_id: number;
  readonly status: "waiting" | "withdrawing" | "delivered" | "withdrawn";
  /** The number of the task in the target's queue. */
  readonly remote_id: number | null;
  /** The number of attempts that have failed, and why the last attempt has failed. */
  readonly attempts: number;
  readonly error: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
}

/** The agent that hands tasks off. */
export interface Source {
  readonly name: string;
  readonly formerly: readonly string[];
}

/** The agent that gets tasks. */
export interface Receiver {
  readonly name: string;
  readonly routes: readonly TaskRoute[];
  readonly limits?: QueueLimits;
}

/** The result of one attempt to deliver a handoff. */
export type Outcome =
  | { readonly id: string; readonly remoteId: number }
  | { readonly id: string; readonly isWithdrawn: true }
  | { readonly id: string; readonly error: string };

/** The handoffs and messages of an agent that have not been delivered. */
export interface WaitingHandoffs {
  readonly waiting: number;
  /** The number of failed attempts for the handoff that has failed most often. */
  readonly attempts: number;
  /** When the oldest of these handoffs was requested (UTC, ISO 8601); null if there are none. */
  readonly since: string | null;
  /** Why the last attempt has failed; null if no attempt has failed. */
  readonly error: string | null;
}

/** The maximum number of handoffs of one source that can be pending in the queue of a target. */
const MOST_PENDING = 1000;

/** The states of the handoffs that hostd still has to process. */
const OPEN = "'waiting', 'withdrawing'";

/** The limits of one batch: the maximum number of handoffs, and the maximum number of characters in these handoffs. */
export const BATCH = { most: 20, characters: 4 * 1024 * 1024 };

/**
 * Begins a handoff. Until the target has the task, nobody can take or end the task in the queue of the source.
 *
 * @throws MusterError if no open task has this id
 */
export function beginHandoff(
  db: DatabaseSync,
  task: Task,
  handoff: Omit<Handoff, "id" | "isWithdrawn">,
): string {
  return inTransaction(db, () => {
    const update = "UPDATE tasks SET status = 'handing-off' WHERE id = ? AND status IN ('pending', 'active')";
    if (Number(db.prepare(update).run(task.id).changes) === 0) throw notOpen(task.id);
    return insertHandoff(db, task.id, handoff);
  });
}

/**
 * Adds a task for another agent, and begins its handoff. If the queue already contains a task with the same key, adds
 * nothing.
 *
 * @returns the id of the handoff
 * @throws MusterError if the task with this key was never handed off
 */
export function beginNewHandoff(db: DatabaseSync, target: string, task: NewTask): string {
  return inTransaction(db, () => {
    const query =
      "SELECT tasks.id, handoffs.id AS handoff FROM tasks LEFT JOIN handoffs ON task_id = tasks.id";
    const order = "WHERE key = ? ORDER BY handoffs.rowid DESC LIMIT 1";
    const known = task.key === null ? undefined : db.prepare(`${query} ${order}`).get(task.key);
    if (typeof known?.["handoff"] === "string") return known["handoff"];
    if (known !== undefined) {
      const why = `this queue already contains it as task ${known["id"]}`;
      throw new MusterError({ what: `the task ${task.key}`, why, next: "Hand it off with fleet-handoff." });
    }
    return insertHandoff(db, insertTask(db, task, "handing-off"), { ...task, target });
  });
}

function insertHandoff(
  db: DatabaseSync,
  task: number,
  { target, subject, description, priority }: Omit<Handoff, "id" | "isWithdrawn">,
): string {
  const id = randomUUID();
  db.prepare(
    "INSERT INTO handoffs (id, task_id, target, subject, description, priority) VALUES (?, ?, ?, ?, ?, ?)",
  ).run(id, task, target, subject, description, priority);
  return id;
}

/**
 * Requests a task back. If the target does not have the task, hostd returns the task to the queue of the source.
 *
 * @returns false if there is no such handoff, or if it has been delivered
 */
export function withdrawHandoff(db: DatabaseSync, id: string): boolean {
  const update =
    "UPDATE handoffs SET status = 'withdrawing' WHERE id = ? AND status IN ('waiting', 'withdrawing')";
  return Number(db.prepare(update).run(id).changes) > 0;
}

/** Returns the error for a task that cannot be handed off. */
export function notOpen(id: number): MusterError {
  return new MusterError({ what: `task ${id}`, why: "no open task has this ID" });
}

/** Returns the handoffs to deliver next. Handoffs with the fewest failed attempts come first. */
export function nextHandoffs(db: DatabaseSync): Handoff[] {
  const query = `SELECT id, target, subject, description, priority, status = 'withdrawing' AS isWithdrawn
    FROM handoffs WHERE status IN (${OPEN}) ORDER BY attempts, rowid LIMIT ${BATCH.most}`;
  let size = 0;
  return (db.prepare(query).all() as unknown as Handoff[]).filter(({ subject, description }, i) => {
    size += subject.length + description.length;
    return i === 0 || size <= BATCH.characters;
  });
}

/**
 * Adds the handoffs of one source to the queue of the target. A handoff that the queue already contains is not added
 * again.
 */
export function receiveHandoffs(
  db: DatabaseSync,
  agent: Receiver,
  source: Source,
  handoffs: readonly Handoff[],
): Outcome[] {
  return handoffs.map((handoff) => {
    const { id } = handoff;
    try {
      const known = receivedAs(db, [source.name, ...source.formerly], id);
      if (known !== undefined) return { id, remoteId: known };
      if (handoff.isWithdrawn === 1) return { id, isWithdrawn: true };
      return { id, remoteId: receiveOne(db, agent, source.name, handoff) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) };
    }
  });
}

function receiveOne(
  db: DatabaseSync,
  { name: agent, routes, limits = {} }: Receiver,
  source: string,
  { id, subject, description, priority }: Handoff,
): number {
  const answer = routeTask(routes, agent, `${subject}\n${description}`);
  if (!answer.allowed) {
    const why = `${answer.capability}: this task goes to ${answer.to}`;
    throw new MusterError({ what: `${agent} must not do it`, why });
  }
  if (isFull(db, limits)) throw new MusterError({ what: `the queue of ${agent}`, why: "it is full" });
  const count = "SELECT count(*) AS n FROM tasks WHERE status = 'pending' AND key GLOB ?";
  if (Number(db.prepare(count).get(`handoff/${source}/*`)?.["n"]) >= MOST_PENDING) {
    const why = `${MOST_PENDING} tasks from ${source} are pending in it`;
    throw new MusterError({ what: `the queue of ${agent}`, why });
  }
  return addTask(db, { key: keyOf(source, id), subject, description, priority });
}

/** Returns the number of the task with this id from a source with one of these names. */
function receivedAs(db: DatabaseSync, names: readonly string[], id: string): number | undefined {
  const query = db.prepare("SELECT id FROM tasks WHERE key = ?");
  const row = names.map((name) => query.get(keyOf(name, id))).find((one) => one !== undefined);
  return row === undefined ? undefined : Number(row["id"]);
}

/** Returns the key of a task that another agent has handed off. */
function keyOf(source: string, id: string): string {
  return `handoff/${source}/${id}`;
}

/** Records the outcome of deliveries. Closes a task only if the target has it. */
export function settleHandoffs(db: DatabaseSync, outcomes: readonly Outcome[]): WaitingHandoffs {
  inTransaction(db, () => {
    for (const outcome of outcomes) {
      if ("remoteId" in outcome) closeHandoff(db, outcome.id, outcome.remoteId);
      else if ("isWithdrawn" in outcome) giveBack(db, outcome.id);
      else
        db.prepare(
          `UPDATE handoffs SET attempts = attempts + 1, error = ? WHERE id = ? AND status IN (${OPEN})`,
        ).run(outcome.error, outcome.id);
    }
  });
  return waitingHandoffs(db);
}

function closeHandoff(db: DatabaseSync, id: string, remoteId: number): void {
  const row = db
    .prepare(
      `UPDATE handoffs SET status = 'delivered', remote_id = ?, error = NULL, ended_at = ${NOW}
       WHERE id = ? AND status IN (${OPEN}) RETURNING task_id, target`,
    )
    .get(remoteId, id);
  if (row === undefined) return;
  const update = `UPDATE tasks SET status = 'handed-off', result = ?, ended_at = ${NOW} WHERE id = ? AND status = 'handing-off'`;
  db.prepare(update).run(`handed off to ${row["target"]} as task ${remoteId}`, Number(row["task_id"]));
}

function giveBack(db: DatabaseSync, id: string): void {
  const row = db
    .prepare(
      `UPDATE handoffs SET status = 'withdrawn', error = NULL, ended_at = ${NOW}
       WHERE id = ? AND status = 'withdrawing' RETURNING task_id`,
    )
    .get(id);
  if (row === undefined) return;
  const update = "UPDATE tasks SET status = 'pending' WHERE id = ? AND status = 'handing-off'";
  db.prepare(update).run(Number(row["task_id"]));
}

/** Returns how many handoffs and messages wait, since when, and why. */
export function waitingHandoffs(db: DatabaseSync): WaitingHandoffs {
  const open = `SELECT created_at, attempts, error FROM handoffs WHERE status IN (${OPEN})
    UNION ALL SELECT created_at, attempts, error FROM messages WHERE verdict IS NULL`;
  const query = `WITH open AS (${open}) SELECT count(*) AS waiting, coalesce(max(attempts), 0) AS attempts,
    min(created_at) AS since,
    (SELECT error FROM open WHERE error IS NOT NULL ORDER BY attempts DESC LIMIT 1) AS error FROM open`;
  return db.prepare(query).get() as unknown as WaitingHandoffs;
}

/** Returns the latest handoffs, oldest first. */
export function listHandoffs(db: DatabaseSync, last: number): HandoffRow[] {
  const rows = db.prepare("SELECT * FROM handoffs ORDER BY rowid DESC LIMIT ?").all(last);
  return rows.reverse() as unknown as HandoffRow[];
}

/** Returns the valid handoffs of a step or of another host, which can have written anything. */
export function parseHandoffs(answer: unknown): Handoff[] {
  const { handoffs } = answer as { handoffs?: unknown };
  if (!Array.isArray(handoffs)) return [];
  return handoffs.filter(
    (one) =>
      [one?.id, one?.target, one?.subject, one?.description].every((text) => typeof text === "string") &&
      /^[0-9a-f-]{36}$/.test(one.id) &&
      [1, 2, 3, 4, 5, 6, 7, 8, 9].includes(one.priority),
  );
}

/** Returns one handoff. */
export function findHandoff(db: DatabaseSync, id: string): HandoffRow | undefined {
  return db.prepare("SELECT * FROM handoffs WHERE id = ?").get(id) as unknown as HandoffRow | undefined;
}
