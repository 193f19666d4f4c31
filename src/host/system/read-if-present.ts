import { readdirSync, readFileSync } from "node:fs";
import { hasCode } from "./error-reason.ts";

/** Returns the names in a folder; an empty list if there is no such folder. */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/**
 * Returns the text of a file that only root can change; undefined if there is no such file.
 *
 * @param absent additional error codes that mean that the file does not exist
 */
export function readTextIfPresent(path: string, ...absent: readonly string[]): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", ...absent)) return undefined;
    throw error;
  }
}
