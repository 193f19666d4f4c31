import { realpathSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { readTextFile, type TextFile, whyUnread } from "./text-file.ts";

/** What an identity's file may hold at most. */
const MOST_BYTES = 1024 * 1024;

/**
 * Where a path of fleet.yaml leads, which must be within the folder of fleet.yaml, symlinks followed.
 *
 * @param dir the folder, absolute
 * @returns the real path, or why it is refused
 */
export function insidePath(dir: string, path: string): { path: string } | { refused: string } {
  if (isAbsolute(path)) return { refused: "must be relative to the folder of fleet.yaml" };
  const plain = resolve(dir, path);
  if (!isWithin(dir, plain)) return { refused: "leads out of the folder of fleet.yaml" };
  try {
    const real = realpathSync(plain);
    const top = realpathSync(dir);
    if (!isWithin(top, real)) return { refused: "leads out of the folder of fleet.yaml by a symlink" };
    // A checkout's .git may hold the token that it was made with.
    if (relative(top, real).split(sep).includes(".git")) return { refused: "leads into git's own folder" };
    return { path: real };
  } catch (error) {
    return { refused: whyUnread(error) };
  }
}

/** Reads a text file within the folder of fleet.yaml; a flaw tells why it cannot be had. */
export function readInside(dir: string, path: string): TextFile {
  const found = insidePath(dir, path);
  if ("refused" in found) return { text: "", flaw: { sentence: found.refused, at: 0 } };
  return readTextFile(found.path, MOST_BYTES);
}

function isWithin(dir: string, path: string): boolean {
  return path.startsWith(dir.endsWith(sep) ? dir : dir + sep);
}
