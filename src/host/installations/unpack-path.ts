import { lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { posix } from "node:path";
import { MusterError } from "../../base/errors.ts";

/** The maximum number of bytes that one archive can unpack to, so that no archive can fill the disk. */
const MOST_BYTES = 8 * 1024 ** 3;

/** A new folder into which an archive is unpacked. Nothing is written outside this folder or through a link in it. */
export interface UnpackFolder {
  /** Returns the path for a file, and creates the folder above it. @throws MusterError if the name is not allowed */
  place(name: string): string;
  makeFolder(name: string): void;
  /** Creates a symlink. @throws MusterError if its target is outside the folder */
  makeLink(name: string, target: string): void;
  /** Counts unpacked bytes. @throws MusterError if there are too many */
  count(bytes: number): void;
}

/** @param archive the name of the archive, for messages */
export function unpackFolder(root: string, archive: string): UnpackFolder {
  let total = 0;
  const refuse = (what: string): never => {
    throw new MusterError({ what: `${archive} was not unpacked`, why: what });
  };
  const inside = (name: string): string[] => {
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    const isBad = name.startsWith("/") || name.includes("\0") || name.includes("\\") || parts.includes("..");
    if (isBad || parts.length === 0) refuse(`it contains the path ${JSON.stringify(name)}.`);
    return parts;
  };
  const makeParents = (parts: readonly string[]): string => {
    let at = root;
    for (const part of parts) {
      at = `${at}/${part}`;
      const stats = lstatSync(at, { throwIfNoEntry: false });
      if (stats === undefined) mkdirSync(at, { mode: 0o755 });
      else if (!stats.isDirectory())
        refuse(`it puts a file below ${at.slice(root.length + 1)}, which is not a folder.`);
    }
    return at;
  };
  const placeOf = (name: string): string => {
    const parts = inside(name);
    const path = `${makeParents(parts.slice(0, -1))}/${parts.at(-1)}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) refuse(`it contains ${JSON.stringify(name)} as a file and as a folder.`);
    // As in tar and npm, a later entry replaces an earlier entry.
    if (stats !== undefined) rmSync(path);
    return path;
  };
  return {
    place: placeOf,
    makeFolder: (name) => void makeParents(inside(name)),
    makeLink: (name, target) => {
      const leads = posix.normalize(posix.join(posix.dirname(inside(name).join("/")), target));
      if (target.startsWith("/") || leads === ".." || leads.startsWith("../"))
        refuse(`its link ${JSON.stringify(name)} leads out of it, to ${JSON.stringify(target)}.`);
      symlinkSync(target, placeOf(name));
    },
    count: (bytes) => {
      total += bytes;
      if (total > MOST_BYTES) refuse("it unpacks to more than 8 GB.");
    },
  };
}
