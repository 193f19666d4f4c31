import { readdirSync } from "node:fs";
import { posix } from "node:path";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { type Handle, itself, split, withEntry, withFolder } from "../fs/open-without-symlinks.ts";
import { hasCode } from "../system/error-reason.ts";
import { MOST_DEPTH } from "./copy-tree.ts";

export interface Measured {
  readonly bytes: number;
  /** The paths of all entries, relative to the measured path. */
  readonly paths: readonly string[];
}

/** Measures a file, or a folder with its contents, with the rights of an account. No link is followed. */
export function measureTree(path: string, account: Account): Measured {
  const { parent, name } = split(path);
  const measured = { bytes: 0, paths: [] as string[] };
  asUser(account, () => withFolder(parent, (folder) => add(measured, folder, name, ".")));
  return measured;
}

function add(measured: { bytes: number; paths: string[] }, folder: Handle, name: string, path: string): void {
  withEntry(folder, name, (entry) => {
    if (entry === undefined || path.split("/").length > MOST_DEPTH) return;
    measured.paths.push(path);
    if (entry.stats.isFile()) measured.bytes += entry.stats.size;
    if (!entry.stats.isDirectory()) return;
    for (const one of namesIn(entry.handle)) add(measured, entry.handle, one, posix.join(path, one));
  });
}

/**
 * Returns the names in a folder. A folder that the account cannot read counts as empty, because the copy itself reports
 * this folder.
 */
function namesIn(folder: Handle): string[] {
  try {
    return readdirSync(itself(folder));
  } catch (error) {
    if (hasCode(error, "EACCES")) return [];
    throw error;
  }
}
