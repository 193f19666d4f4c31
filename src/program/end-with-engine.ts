import { processStatus } from "../base/processes.ts";

/** Milliseconds between two looks. */
const EVERY = 1000;

/**
 * Ends this program soon after the engine that runs it, and at once where that is gone already. The language host between
 * the two notices an engine that was killed after minutes only, and the SDK asks for it ever again meanwhile: at a good
 * part of a processor's time, and with a gigabyte of memory a minute.
 */
export function endWithEngine(): void {
  const engine = engineNow();
  if (engine === undefined) return;
  if (!isEngine(engine)) end();
  setInterval(() => {
    if (engineNow() !== engine) end();
  }, EVERY).unref();
}

/** The parent of our parent; undefined where this system does not tell. */
function engineNow(): number | undefined {
  return processStatus(process.ppid)?.parent;
}

/** A process whose parent was killed has another one: the system's first, or a user's. */
function isEngine(pid: number): boolean {
  return processStatus(pid)?.name.includes("pulumi") ?? false;
}

function end(): never {
  process.stderr.write("muster: the engine that ran this program is gone.\n");
  process.exit(1);
}
