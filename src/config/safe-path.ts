import { realpathSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { readTextFile, type TextFile, whyUnread } from "./text-file.ts";

/** The maximum size of a file that fleet.yaml names. */
const MOST_BYTES = 1024 * 1024;

/**
 * Resolves a path in fleet.yaml, including symlinks. The result must be within the folder of fleet.yaml.
 *
 * @param dir the absolute path of the folder of fleet.yaml
 * @returns the real path, or the reason why the path is refused
 */
export function insidePath(dir: string, path: string): { path: string } | { refused: string } {
  if (isAbsolute(path)) return { refused: "must be relative to the folder of fleet.yaml" };
  const plain = resolve(dir, path);
  if (!isWithin(dir, plain)) return { refused: "leads out of the folder of fleet.yaml" };
  try {
    const real = realpathSync(plain);
    const top = realpathSync(dir);
    if (!isWithin(top, real)) return { refused: "leads out of the folder of fleet.yaml by a symlink" };
    // The .git folder of a checkout can contain an access token.
    if (relative(top, real).split(sep).includes(".git")) return { refused: "leads into a .git folder" };
    return { path: real };
  } catch (error) {
    return { refused: whyUnread(error) };
  }
}

/** Reads a text file within the folder of fleet.yaml. If the file cannot be used, `flaw` contains the reason. */
export function readInside(dir: string, path: string): TextFile {
  const found = insidePath(dir, path);
  if ("refused" in found) return { text: "", flaw: { sentence: found.refused, at: 0 } };
  return readTextFile(found.path, MOST_BYTES);
}

function isWithin(dir: string, path: string): boolean {
  return path.startsWith(dir.endsWith(sep) ? dir : dir + sep);
}
