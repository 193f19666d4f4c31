import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { MOST_BYTES, VERDICTS, type Verdict } from "../../model/message.ts";
import { inTransaction } from "../tasks/open-queue.ts";
import { NOW } from "../tasks/task-queue.ts";

/** A message to another agent that hostd has to deliver. */
export interface OutMessage {
  /** 12 random hex digits. The host of the target types no message of the same sender with the same id twice. */
  readonly id: string;
  readonly target: string;
  readonly text: string;
}

/** A row of the table `messages`. */
export interface MessageRow extends OutMessage {
  /** The verdict of `fleet send`; null until the host of the target has answered. */
  readonly verdict: Verdict | null;
  readonly detail: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly created_at: string;
  readonly ended_at: string | null;
}

/** The result of one attempt to deliver a message. */
export type MessageOutcome =
  | { readonly id: string; readonly verdict: Verdict; readonly detail?: string }
  | { readonly id: string; readonly error: string };

/** The maximum number of messages in one batch. hostd waits up to 10 s for the proof of each message. */
const MOST = 3;

/** Stores a message for another agent. @returns the id of the message */
export function addMessage(db: DatabaseSync, target: string, text: string): string {
  const id = randomBytes(6).toString("hex");
  db.prepare("INSERT INTO messages (id, target, text) VALUES (?, ?, ?)").run(id, target, text);
  return id;
}

/** Returns one message. */
export function findMessage(db: DatabaseSync, id: string): MessageRow | undefined {
  return db.prepare("SELECT * FROM messages WHERE id = ?").get(id) as unknown as MessageRow | undefined;
}

/** Returns the messages to deliver next. Messages with the fewest failed attempts come first. */
export function nextMessages(db: DatabaseSync): OutMessage[] {
  const query = `SELECT id, target, text FROM messages WHERE verdict IS NULL ORDER BY attempts, rowid LIMIT ${MOST}`;
  return db.prepare(query).all() as unknown as OutMessage[];
}

/** Records the outcomes of deliveries. */
export function settleMessages(db: DatabaseSync, outcomes: readonly MessageOutcome[]): void {
  const end = `UPDATE messages SET verdict = ?, detail = ?, error = NULL, ended_at = ${NOW} WHERE id = ? AND verdict IS NULL`;
  const fail = "UPDATE messages SET attempts = attempts + 1, error = ? WHERE id = ? AND verdict IS NULL";
  inTransaction(db, () => {
    for (const outcome of outcomes) {
      if ("verdict" in outcome) db.prepare(end).run(outcome.verdict, outcome.detail ?? null, outcome.id);
      else db.prepare(fail).run(outcome.error, outcome.id);
    }
  });
}

/** Returns the valid messages of a step, whose agent can have written anything. */
export function parseMessages(answer: unknown): OutMessage[] {
  if (!Array.isArray(answer)) return [];
  return answer.slice(0, MOST).filter(isMessage);
}

/** Whether a value is a message of an acceptable size. */
export function isMessage(value: unknown): value is OutMessage {
  const { id, target, text } = (value ?? {}) as Partial<Record<keyof OutMessage, unknown>>;
  return (
    typeof id === "string" &&
    /^[0-9a-f]{12}$/.test(id) &&
    typeof target === "string" &&
    typeof text === "string" &&
    Buffer.byteLength(text) <= MOST_BYTES
  );
}

/** Returns the outcome in the answer of another host or of this host. */
export function parseOutcome(id: string, answer: unknown): MessageOutcome {
  const { verdict, detail, reason } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const known = VERDICTS.find((one) => one === verdict);
  if (known === undefined) return { id, error: "the answer contains no verdict" };
  const text = [detail, reason].find((one) => typeof one === "string");
  return { id, verdict: known, ...(typeof text === "string" && { detail: text.slice(0, 300) }) };
}
