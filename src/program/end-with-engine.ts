import { processStatus } from "../base/processes.ts";

/** Milliseconds between checks of whether the engine still runs. */
const EVERY = 1000;

/**
 * Ends this program soon after the engine has ended, or immediately if it already has. The language host,
 * which is the engine's child and this program's parent, takes minutes to notice that the engine was killed.
 * Until then, the SDK would retry without a pause, which takes much processor time and a gigabyte of memory
 * per minute.
 */
export function endWithEngine(): void {
  const engine = engineNow();
  if (engine === undefined) return;
  if (!isEngine(engine)) end();
  setInterval(() => {
    if (engineNow() !== engine) end();
  }, EVERY).unref();
}

/** Returns the process id of the language host's parent; undefined if this system does not show it. */
function engineNow(): number | undefined {
  return processStatus(process.ppid)?.parent;
}

/**
 * Whether a process is an engine. If the engine has been killed, it is not: the language host's parent is then
 * the init process or a user's service manager.
 */
function isEngine(pid: number): boolean {
  return processStatus(pid)?.name.includes("pulumi") ?? false;
}

function end(): never {
  process.stderr.write("muster: the engine that ran this program has ended.\n");
  process.exit(1);
}
