import { processStatus } from "../base/processes.ts";

/** Milliseconds between two checks. */
const EVERY = 1000;

/**
 * Ends this program soon after the engine that runs it, or immediately if that engine has already ended. The
 * language host between the two notices a killed engine only after minutes. In the meantime, the SDK would
 * retry without a pause, which takes much processor time and a gigabyte of memory per minute.
 */
export function endWithEngine(): void {
  const engine = engineNow();
  if (engine === undefined) return;
  if (!isEngine(engine)) end();
  setInterval(() => {
    if (engineNow() !== engine) end();
  }, EVERY).unref();
}

/** Returns the process id of the parent's parent; undefined if this system does not show it. */
function engineNow(): number | undefined {
  return processStatus(process.ppid)?.parent;
}

/**
 * Whether a process is an engine. After the engine was killed, its child's parent is the init process or a
 * user's service manager.
 */
function isEngine(pid: number): boolean {
  return processStatus(pid)?.name.includes("pulumi") ?? false;
}

function end(): never {
  process.stderr.write("muster: the engine that ran this program has ended.\n");
  process.exit(1);
}
