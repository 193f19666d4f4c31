import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomic } from "../../base/files.ts";
import { hasCode } from "../reason.ts";

/** Replaces a file of the reconciler's own tree, for root alone to read and to list. */
export function writeOwn(path: string, text: string | Uint8Array): void {
  // The folders can be passed through: agents' credentials lie under the same one.
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileAtomic(path, text, 0o600);
}

/** A file of the reconciler's own tree, or undefined where there is none. */
export function readOwn(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
