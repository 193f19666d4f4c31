import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { WireError } from "../../model/part-failure.ts";
import type { Account } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { reasonOf } from "../system/error-reason.ts";
import { type SyncOrder, syncDatabase } from "./sync.ts";

/** Seconds for one database: SQLite itself waits 5 s for an agent's own change to end. */
const PATIENCE = 20;

/**
 * Mends a database in a process of its own with the account's rights. SQLite opens files by name, and waits for
 * ever on a fifo that an agent puts in the place of one: that process can be ended, and this one could not.
 *
 * @throws MusterError with the repair process's own message
 */
export function repairAs(host: Host, account: Account, order: SyncOrder): void {
  const input = JSON.stringify(order);
  const options = { timeout: PATIENCE, input, as: account };
  const { status, stdout, stderr } = host.run(
    process.execPath,
    ["--no-warnings", host.program, "mend"],
    options,
  );
  if (status === 0) return;
  if (status === null) throw stuck(order.path);
  const said = stdout.startsWith("{") ? (JSON.parse(stdout) as WireError) : undefined;
  throw new MusterError(
    said ?? { what: order.path, why: stderr.trim() || `its mender ended with ${status}` },
  );
}

/** Does one repair, which it reads from standard input. @returns the exit code of the process */
export function runRepair(): number {
  try {
    syncDatabase(JSON.parse(readFileSync(0, "utf8")) as SyncOrder);
    return 0;
  } catch (error) {
    const { what = "the database", next } = error instanceof MusterError ? error : {};
    process.stdout.write(JSON.stringify({ what, why: reasonOf(error), ...(next && { next }) }));
    return 1;
  }
}

function stuck(path: string): MusterError {
  return new MusterError({
    what: path,
    why: `it could not be mended within ${PATIENCE} s: its agent holds it, or puts other things in its place.`,
    next: "Stop the agent, then run `npx pulumi up` again.",
  });
}
