import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startMark } from "../base/processes.ts";

/** Milliseconds between two looks at a lock that another process holds. */
const LOOK_EVERY = 500;

/**
 * Runs `work` while no other process runs its own under the same lock file. A holder that was killed is found
 * out by its process id and start, and its lock is taken over.
 *
 * @param waiting told once, with the holder's process id, when there is one to wait for
 */
export async function withProcessLock<T>(
  file: string,
  waiting: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  await acquire(file, waiting);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file: string, waiting: (pid: number) => void): Promise<void> {
  for (let told = false; !claim(file); ) {
    const holder = read(file);
    if (holder === undefined) continue;
    const { pid, start } = parse(holder);
    if (startMark(pid) !== start) {
      await removeDead(file, holder);
      continue;
    }
    if (!told) waiting(pid);
    told = true;
    await sleep(LOOK_EVERY);
  }
}

/** A link appears at once and with its whole content, or not at all where the name is taken. */
function claim(file: string): boolean {
  const mine = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(mine, `${process.pid} ${startMark(process.pid) ?? ""}`);
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Under a lock of its own: else two that saw the same dead holder could remove each other's new lock. */
async function removeDead(file: string, holder: string): Promise<void> {
  await withProcessLock(
    `${file}.takeover`,
    () => undefined,
    async () => {
      if (read(file) === holder) rmSync(file);
    },
  );
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function parse(holder: string): { pid: number; start: string } {
  const [pid = "", start = ""] = holder.split(/ (.*)/);
  return { pid: Number(pid), start };
}
