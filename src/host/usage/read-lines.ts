import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { listLimited } from "../fs/list-limited.ts";

/** The position in a file up to which it was read. */
export interface Position {
  /** Identifies the file, because another file can have the same name later. */
  readonly inode: number;
  readonly offset: number;
  /** Whether the position is in the middle of a line that is too long and is skipped. */
  readonly isSkipping?: true;
}

/** The number of bytes and of folder entries that one run reads of one agent. */
export interface Budget {
  bytes: number;
  entries: number;
}

/** The maximum length of a line in bytes. A line with the usage of a response is much shorter. */
const LONGEST_LINE = 1024 * 1024;

const CHUNK = 1024 * 1024;

/** A file with records, relative to the home. */
export interface RecordFile {
  readonly path: string;
  readonly inode: number;
  readonly size: number;
  /** The time of the last change in milliseconds since 1970. */
  readonly time: number;
}

/**
 * Lists the files in a folder and its subfolders, the oldest first. Follows no link. Must run with the rights of the
 * agent's user, because the agent can replace folders with links to any folder.
 */
export function recordFiles(
  home: string,
  folder: string,
  depth: number,
  suffix: string,
  budget: Budget,
): RecordFile[] {
  const files: RecordFile[] = [];
  const walk = (path: string, left: number) => {
    for (const name of listLimited(`${home}/${path}`, budget)) {
      const one = `${path}/${name}`;
      const stats = lstatSync(`${home}/${one}`, { throwIfNoEntry: false });
      if (stats?.isDirectory() && left > 0) walk(one, left - 1);
      else if (stats?.isFile() && name.endsWith(suffix))
        files.push({ path: one, inode: stats.ino, size: stats.size, time: stats.mtimeMs });
    }
  };
  if (isFolder(`${home}/${folder}`)) walk(folder, depth);
  return files.sort((a, b) => a.time - b.time);
}

/** Returns the file at a path; undefined if the path is not a file. */
export function recordFile(home: string, path: string): RecordFile | undefined {
  const stats = lstatSync(`${home}/${path}`, { throwIfNoEntry: false });
  return stats?.isFile() ? { path, inode: stats.ino, size: stats.size, time: stats.mtimeMs } : undefined;
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Reads the lines of a file that were added since the last run. Reads only complete lines, and skips lines that are too
 * long. Neither a FIFO nor a link can block or redirect this function.
 *
 * @param use called for each line
 * @returns the new position; undefined if the path is not a file
 */
export function readNewLines(
  path: string,
  last: Position | undefined,
  budget: Budget,
  use: (line: string) => void,
): Position | undefined {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return undefined;
    const isSame = last?.inode === stats.ino && last.offset <= stats.size;
    return readFrom(fd, isSame ? last : { inode: stats.ino, offset: 0 }, budget, use);
  } finally {
    closeSync(fd);
  }
}

function readFrom(fd: number, last: Position, budget: Budget, use: (line: string) => void): Position {
  let { offset } = last;
  let isSkipping = last.isSkipping === true;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.alloc(CHUNK);
  while (budget.bytes > 0) {
    const count = readSync(fd, chunk, 0, chunk.length, offset + rest.length);
    if (count === 0) break;
    budget.bytes -= count;
    const text = Buffer.concat([rest, chunk.subarray(0, count)]);
    let from = 0;
    for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, from)) {
      if (!isSkipping && end - from <= LONGEST_LINE) use(text.toString("utf8", from, end));
      isSkipping = false;
      from = end + 1;
    }
    rest = text.subarray(from);
    offset += from;
    if (!isSkipping && rest.length <= LONGEST_LINE) continue;
    isSkipping = true;
    offset += rest.length;
    rest = Buffer.alloc(0);
  }
  return { inode: last.inode, offset, ...(isSkipping && { isSkipping }) };
}
