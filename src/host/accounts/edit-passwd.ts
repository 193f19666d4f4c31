import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { writeFileLocked } from "../../base/files.ts";
import { hasCode, pause } from "../system/error-reason.ts";

export interface AccountChange {
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** Seconds to wait for useradd and similar tools. These tools lock `passwd` only briefly. */
const PATIENCE = 15;

/** Changes a user's line in `passwd`. @param etc the folder that contains `passwd` */
export function editPasswd(etc: string, name: string, change: AccountChange): void {
  editLinesOf(`${etc}/passwd`, name, (line) => edited(line, change));
}

/**
 * Changes the lines of a user in a file such as `passwd` or `subuid`, under the file's lock. useradd, usermod and vipw
 * use the same lock. The lock is a hard link to a file that contains the pid of the lock's owner.
 */
export function editLinesOf(path: string, name: string, edit: (line: string) => string): void {
  withPasswdLock(path, () => {
    const lines = readFileSync(path, "utf8").split("\n");
    const changed = lines.map((line) => (line.startsWith(`${name}:`) ? edit(line) : line));
    writeFileLocked(path, changed.join("\n"), statSync(path).mode & 0o7777);
  });
}

function edited(line: string, { gid, home, shell }: AccountChange): string {
  const [name, password, uid, , comment] = line.split(":");
  if ([home, shell].some((field) => /[:\n]/.test(field)))
    throw new Error("a field of passwd must not contain a colon or a line break");
  return [name, password, uid, gid, comment, home, shell].join(":");
}

function withPasswdLock(path: string, work: () => void): void {
  const [own, lock] = [`${path}.${process.pid}`, `${path}.lock`];
  const fd = openSync(own, "w", 0o600);
  writeSync(fd, `${process.pid}\0`);
  closeSync(fd);
  try {
    takeLock(own, lock);
    try {
      work();
    } finally {
      unlinkSync(lock);
    }
  } finally {
    unlinkSync(own);
  }
}

function takeLock(own: string, lock: string): void {
  for (const deadline = Date.now() + PATIENCE * 1000; ; pause(100)) {
    try {
      linkSync(own, lock);
      return;
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
    if (!isHeld(lock)) rmSync(lock, { force: true });
    else if (Date.now() > deadline)
      throw new MusterError({ what: lock, why: `another process has held this lock for over ${PATIENCE} s` });
  }
}

/**
 * Whether the owner of a lock still runs. As in useradd, a lock that a killed process has left is ignored.
 */
function isHeld(lock: string): boolean {
  try {
    const pid = Number.parseInt(readFileSync(lock, "utf8"), 10);
    return process.kill(pid, 0);
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}
