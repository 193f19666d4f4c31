import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { type Entry, withPathItem } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";

/** The maximum size of the file in bytes. A screen of 200 columns and 50 rows is smaller. */
const CAP = 64 * 1024;

/**
 * Reads the rows of an agent's terminal from the file that the agent's own tmux has written while the terminal was
 * silent. No program of the agent runs with rights other than its own. The file is opened with the agent's rights, and
 * neither a FIFO nor a symlink can block this process.
 *
 * @param path see `paneFile`
 * @param quiet the number of seconds since the last output on the terminal
 * @returns undefined if there is no such file, or if the program has written to the terminal since then
 */
export function readSilentScreen(
  path: string,
  account: Account,
  quiet: number,
): readonly string[] | undefined {
  try {
    return asUser(account, () => withPathItem(path, (entry) => rowsIn(entry, account, quiet)));
  } catch {
    return undefined;
  }
}

function rowsIn(entry: Entry | undefined, account: Account, quiet: number): readonly string[] | undefined {
  if (entry === undefined || typeOf(entry.stats) !== "file" || entry.stats.uid !== account.uid)
    return undefined;
  const age = (Date.now() - entry.stats.mtimeMs) / 1000;
  return age > quiet ? undefined : readEntry(entry, CAP)?.toString("utf8").split("\n");
}
