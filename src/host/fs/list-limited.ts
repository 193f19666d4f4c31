import { opendirSync } from "node:fs";
import { hasCode } from "../system/error-reason.ts";

/**
 * Returns the names in a folder that an agent can change; empty if the folder is missing or cannot be read. Must run
 * with the rights of the agent's user.
 *
 * @param budget the number of entries that may still be listed; decreased by each entry
 */
export function listLimited(folder: string, budget: { entries: number }): string[] {
  const names: string[] = [];
  try {
    const open = opendirSync(folder);
    try {
      for (let entry = open.readSync(); entry !== null && budget.entries > 0; entry = open.readSync()) {
        budget.entries -= 1;
        names.push(entry.name);
      }
    } finally {
      open.closeSync();
    }
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
  }
  return names;
}
