import type { DatabaseSync } from "node:sqlite";
import { type RouteAnswer, routeTask, type TaskRoute } from "../../model/routes.ts";
import { inTransaction } from "./open-queue.ts";

export const TASK_STATUSES = [
  "pending",
  "active",
  "done",
  "failed",
  "misrouted",
  "handing-off",
  "handed-off",
] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A task as `muster task` prints it. The times are in UTC (ISO 8601). */
export interface Task {
  readonly id: number;
  /** The sender's identifier of the task; null if the sender has given no key. */
  readonly key: string | null;
  readonly subject: string;
  readonly description: string;
  /** From 1, the most urgent, to 9, the least urgent. */
  readonly priority: number;
  readonly status: TaskStatus;
  /** The result of the task; null until the task has ended. */
  readonly result: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

export type NewTask = Pick<Task, "key" | "subject" | "description" | "priority">;

/** The current time in SQL. */
export const NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/**
 * Adds a task, unless the queue already contains a task with the same key.
 *
 * @returns the id of the task in the queue
 * @throws an error of SQLite if the guard refuses the task
 */
export function addTask(db: DatabaseSync, { key, subject, description, priority }: NewTask): number {
  return inTransaction(db, () => {
    const known = key === null ? undefined : db.prepare("SELECT id FROM tasks WHERE key = ?").get(key);
    if (known !== undefined) return Number(known["id"]);
    return insertTask(db, { key, subject, description, priority }, "pending");
  });
}

/** Inserts a task without a check of its key. @returns the id of the task */
export function insertTask(
  db: DatabaseSync,
  { key, subject, description, priority }: NewTask,
  status: TaskStatus,
): number {
  const insert = "INSERT INTO tasks (key, subject, description, priority, status) VALUES (?, ?, ?, ?, ?)";
  return Number(db.prepare(insert).run(key, subject, description, priority, status).lastInsertRowid);
}

/** Returns the task with this id. */
export function findTask(db: DatabaseSync, id: number): Task | undefined {
  return db.prepare("SELECT * FROM tasks WHERE id = ?").get(id) as unknown as Task | undefined;
}

/** Returns the latest tasks, oldest first. @param status only tasks with this status */
export function listTasks(db: DatabaseSync, last: number, status?: TaskStatus): Task[] {
  const where = status === undefined ? "" : "WHERE status = ?";
  const query = db.prepare(`SELECT * FROM tasks ${where} ORDER BY id DESC LIMIT ?`);
  const rows = status === undefined ? query.all(last) : query.all(status, last);
  return rows.reverse() as unknown as Task[];
}

/**
 * Takes the most urgent pending task. Tasks that the agent must not do, for example because the routes have changed
 * since these tasks were added, become `misrouted` and are not returned.
 *
 * @returns undefined if no task is pending
 */
export function takeTask(db: DatabaseSync, routes: readonly TaskRoute[], agent: string): Task | undefined {
  const first = db.prepare("SELECT * FROM tasks WHERE status = 'pending' ORDER BY priority, id LIMIT 1");
  return inTransaction(db, () => {
    for (let row = first.get(); row !== undefined; row = first.get()) {
      const task = row as unknown as Task;
      const answer = routeTask(routes, agent, `${task.subject}\n${task.description}`);
      if (answer.allowed) return setStatus(db, task.id, "active", "started_at", task.result);
      setStatus(db, task.id, "misrouted", "ended_at", whereTo(answer));
    }
    return undefined;
  });
}

/** Ends an active or pending task. @returns undefined if there is no such task */
export function endTask(
  db: DatabaseSync,
  id: number,
  status: "done" | "failed",
  result: string,
): Task | undefined {
  return inTransaction(db, () => {
    const open = db.prepare("SELECT id FROM tasks WHERE id = ? AND status IN ('active', 'pending')").get(id);
    return open === undefined ? undefined : setStatus(db, id, status, "ended_at", result);
  });
}

function setStatus(
  db: DatabaseSync,
  id: number,
  status: TaskStatus,
  time: "started_at" | "ended_at",
  result: string | null,
): Task {
  const update = `UPDATE tasks SET status = ?, result = ?, ${time} = ${NOW} WHERE id = ? RETURNING *`;
  return db.prepare(update).get(status, result, id) as unknown as Task;
}

function whereTo(answer: RouteAnswer & { readonly allowed: false }): string {
  return `${answer.capability}: this task goes to ${answer.to}`;
}
