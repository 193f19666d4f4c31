import { statusOf } from "../base/processes.ts";

/** Milliseconds between two looks. */
const EVERY = 1000;

/**
 * Ends this program soon after the engine that runs it. The language host between the two notices an engine that was
 * killed after minutes only, and the SDK asks for it ever again meanwhile, at a good part of a processor's time.
 */
export function endWithEngine(): void {
  const engine = engineNow();
  if (engine === undefined) return;
  setInterval(() => {
    if (engineNow() !== engine) process.exit(1);
  }, EVERY).unref();
}

/** The parent of our parent; undefined where this system does not tell. */
function engineNow(): number | undefined {
  return statusOf(process.ppid)?.parent;
}
