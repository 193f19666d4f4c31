import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { WireError } from "../../model/part-failure.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import type { FoundDuplicates } from "./merge-duplicates.ts";
import { type MergeOrder, mergeInDatabase, type SyncOrder, syncDatabase } from "./repair-database.ts";

/** Time limit in seconds for one database. SQLite itself waits up to 5 s for an agent's transaction. */
const PATIENCE = 20;

/**
 * Repairs a database in a separate process with the account's rights. SQLite opens files by name, so it blocks forever
 * on a FIFO that an agent has put in a file's place. A separate process can then be killed.
 *
 * @throws MusterError with the repair process's own message
 */
export function repairAs(host: Host, account: Account, order: SyncOrder): void {
  runAs(host, account, order);
}

/** Finds or merges duplicates in a separate process, like `repairAs`. @returns undefined if there is no database */
export function mergeAs(host: Host, account: Account, order: MergeOrder): FoundDuplicates | undefined {
  return (JSON.parse(runAs(host, account, order)) as FoundDuplicates | null) ?? undefined;
}

/** @returns the standard output of the process */
function runAs(host: Host, account: Account, order: SyncOrder | MergeOrder): string {
  const input = JSON.stringify(order);
  const options = { timeout: PATIENCE, input, as: account };
  const { status, stdout, stderr } = host.run(
    process.execPath,
    ["--no-warnings", host.program, "mend"],
    options,
  );
  if (status === 0) return stdout;
  if (status === null) throw timedOut(order.path);
  const reported = stdout.startsWith("{") ? (JSON.parse(stdout) as WireError) : undefined;
  const why = stderr.trim() || `its repair process exited with status ${status}`;
  throw new MusterError(reported ?? { what: order.path, why });
}

/** Reads one order from standard input and carries it out. @returns the exit code of the process */
export function runRepair(): number {
  try {
    const order = JSON.parse(readFileSync(0, "utf8")) as SyncOrder | MergeOrder;
    if ("merge" in order) process.stdout.write(JSON.stringify(mergeInDatabase(order) ?? null));
    else syncDatabase(order);
    return 0;
  } catch (error) {
    const { what = "the database", next } = error instanceof MusterError ? error : {};
    process.stdout.write(JSON.stringify({ what, why: reasonOf(error), ...(next && { next }) }));
    return 1;
  }
}

function timedOut(path: string): MusterError {
  return new MusterError({
    what: path,
    why: `it could not be repaired within ${PATIENCE} s: its agent keeps it locked, or keeps replacing its files.`,
    next: "Stop the agent, then run `npx pulumi up` again.",
  });
}
