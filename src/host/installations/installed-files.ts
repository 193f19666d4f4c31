import { createHash } from "node:crypto";
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { INSTALLED_FILE } from "../../model/installation.ts";
import { hasCode } from "../system/error-reason.ts";

/** The list of all files of an installation, with their digests. */
const FILES_LIST = ".muster-files";

interface Installed {
  /** The digest of the pinned text. */
  readonly digest: string;
  /** A digest of the attributes of all files. While this digest is unchanged, no file has been changed. */
  readonly attributes: string;
}

/** Completes a folder with the description of its files. */
export function describe(folder: string, digest: string): void {
  writeFileSync(`${folder}/${FILES_LIST}`, filesOf(folder).join("\n"));
  const installed: Installed = { digest, attributes: attributesOf(folder) };
  writeFileSync(`${folder}/${INSTALLED_FILE}`, `${JSON.stringify(installed)}\n`);
}

/** Returns the digest of the pinned text from which a folder was installed; undefined if the folder is not complete. */
export function installedDigest(folder: string): string | undefined {
  return readInstalled(folder)?.digest;
}

/** Returns the paths of the files that were changed, added or removed since the folder was installed. */
export function changedFiles(folder: string): string[] {
  if (readInstalled(folder)?.attributes === attributesOf(folder)) return [];
  // After a copy of the whole disk, the attributes differ although no file has been changed. The contents are therefore
  // compared.
  const [before, now] = [readFileSync(`${folder}/${FILES_LIST}`, "utf8").split("\n"), filesOf(folder)];
  const [known, found] = [new Set(before), new Set(now)];
  const differing = [...before.filter((line) => !found.has(line)), ...now.filter((line) => !known.has(line))];
  return [...new Set(differing.map((line) => line.slice(line.indexOf("/") + 1)))].filter(
    (path) => path !== "",
  );
}

function readInstalled(folder: string): Installed | undefined {
  try {
    const read = JSON.parse(readFileSync(`${folder}/${INSTALLED_FILE}`, "utf8")) as Partial<Installed>;
    const { digest, attributes } = read;
    return typeof digest === "string" && typeof attributes === "string" ? { digest, attributes } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Returns a line for each file, link and folder: its mode, its digest or target, and its path after a `/`. */
function filesOf(folder: string): string[] {
  return walk(folder).map((path) => {
    const full = `${folder}/${path}`;
    const stats = lstatSync(full);
    const mode = (stats.mode & 0o7777).toString(8);
    const owner = stats.uid === 0 && stats.gid === 0 ? "" : ` ${stats.uid}:${stats.gid}`;
    const kind = stats.isDirectory()
      ? "folder"
      : stats.isSymbolicLink()
        ? `link ${JSON.stringify(readlinkSync(full)).replaceAll("/", "|")}`
        : stats.isFile()
          ? sumOf(full)
          : "other";
    return `${mode}${owner} ${kind} /${path}`;
  });
}

function attributesOf(folder: string): string {
  const sum = createHash("sha256");
  for (const path of walk(folder)) {
    const { mode, uid, gid, size, mtimeNs, ctimeNs, ino } = lstatSync(`${folder}/${path}`, { bigint: true });
    sum.update(`${path}\0${mode} ${uid} ${gid} ${size} ${mtimeNs} ${ctimeNs} ${ino}\n`);
  }
  return sum.digest("hex");
}

/** Returns the paths of everything in a folder, sorted, without the two files of the description. */
function walk(folder: string): string[] {
  const paths: string[] = [];
  const visit = (within: string) => {
    for (const entry of readdirSync(`${folder}/${within}`, { withFileTypes: true })) {
      const path = `${within}${entry.name}`;
      if (path === INSTALLED_FILE || path === FILES_LIST) continue;
      paths.push(path);
      if (entry.isDirectory()) visit(`${path}/`);
    }
  };
  visit("");
  return paths.sort();
}

function sumOf(path: string): string {
  const sum = createHash("sha256");
  const part = Buffer.alloc(1024 * 1024);
  const fd = openSync(path, "r");
  try {
    for (let got = readSync(fd, part); got > 0; got = readSync(fd, part)) sum.update(part.subarray(0, got));
  } finally {
    closeSync(fd);
  }
  return sum.digest("hex");
}
