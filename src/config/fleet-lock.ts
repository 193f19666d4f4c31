import { join } from "node:path";
import { writeFileAtomic } from "../base/files.ts";
import { type Pinned, pinnedText, SOURCES } from "../model/installation.ts";
import { readInside } from "./safe-path.ts";
import { asMap } from "./yaml-values.ts";

/** The file in the folder of fleet.yaml that `fleet pin` writes. People commit this file to git. */
export const LOCK_FILE = "fleet.lock";

/** The version of the file's format. */
const FORMAT = 1;

/** The pinned versions, by the name of their entry in `runtimes`. */
export type Lock = Readonly<Record<string, Pinned>>;

/**
 * Reads fleet.lock.
 *
 * @param dir the folder of fleet.yaml
 * @returns the pinned versions, or the reason why the file cannot be used, as a clause such as `does not exist`
 */
export function readLock(dir: string): { readonly lock: Lock } | { readonly flaw: string } {
  const { text, flaw } = readInside(dir, LOCK_FILE);
  if (flaw !== undefined) return { flaw: flaw.sentence };
  try {
    const { format, runtimes } = asMap(JSON.parse(text));
    if (format !== FORMAT) return { flaw: "was written by another version of Muster" };
    const entries = Object.entries(asMap(runtimes));
    if (!entries.every(([, pinned]) => isPinned(pinned))) return { flaw: "is damaged" };
    return { lock: Object.fromEntries(entries) as Lock };
  } catch {
    return { flaw: "is damaged" };
  }
}

/**
 * Whether a value has the form of a pinned version. The names in the value are not checked here: the host checks each
 * name before it uses the name.
 */
function isPinned(value: unknown): boolean {
  const { from, package: name, version, program, file, archives } = asMap(value);
  return (
    SOURCES.some((source) => source === from) &&
    [name, version, program].every((text) => typeof text === "string") &&
    (typeof file === "string" || asMap(file) === file) &&
    Array.isArray(archives) &&
    archives.every((archive) =>
      ["name", "version", "integrity", "folder"].every((key) => typeof asMap(archive)[key] === "string"),
    )
  );
}

/** Writes fleet.lock. Equal versions always result in the same text. */
export function writeLock(dir: string, lock: Lock): void {
  const names = Object.keys(lock).sort();
  const runtimes = Object.fromEntries(
    names.map((name) => [name, JSON.parse(pinnedText(lock[name] as Pinned))]),
  );
  writeFileAtomic(join(dir, LOCK_FILE), `${JSON.stringify({ format: FORMAT, runtimes }, null, 2)}\n`);
}
