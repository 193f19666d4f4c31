import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../system/error-reason.ts";

/** Milliseconds to wait until another process has finished a transaction. */
const BUSY = 2000;

/**
 * Prints the ID of the first conversation with a source in a database of Hermes. Prints nothing if the database has no
 * such conversation. Runs as the
 * agent's user, for `muster-session`. Hermes chooses the IDs of its conversations itself, but records the source that
 * the environment variable HERMES_SESSION_SOURCE contains. Children of the agent inherit this variable, so only the
 * first conversation is the agent's own.
 *
 * @returns the exit code
 */
export function printConversation(words: readonly string[]): number {
  const [path, source] = words;
  if (path === undefined || source === undefined || words.length > 2) {
    process.stderr.write("usage: host.mjs agent conversation DATABASE SOURCE\n");
    return 2;
  }
  try {
    const id = conversationOf(path, source);
    if (id !== undefined) process.stdout.write(`${id}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`cannot read the conversations of Hermes: ${reasonOf(error)}\n`);
    return 1;
  }
}

/**
 * Returns the ID of the first conversation with a source. A conversation that only continues another one, or that
 * another one has started, has a parent.
 */
export function conversationOf(path: string, source: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const db: DatabaseSync = new DatabaseSync(path, { readOnly: true, timeout: BUSY });
  try {
    const row = db
      .prepare(
        "SELECT id FROM sessions WHERE source = ? AND parent_session_id IS NULL ORDER BY started_at LIMIT 1",
      )
      .get(source);
    const id = row?.["id"];
    return typeof id === "string" && /^[\w.-]+$/.test(id) ? id : undefined;
  } finally {
    db.close();
  }
}
