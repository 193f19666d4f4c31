import { isEngine, parentOfLanguageHost } from "./engine-process.ts";

/** The number of milliseconds between two checks of whether the engine still runs. */
const EVERY = 1000;

/**
 * Ends this program soon after the engine has ended, or immediately if the engine has already ended. The language host
 * is the engine's child and this program's parent, and takes minutes to notice that the engine was killed. Until then,
 * the SDK would retry without a pause. This would take much processor time, and a gigabyte of memory per minute.
 */
export function endWithEngine(): void {
  const engine = parentOfLanguageHost();
  if (engine === undefined) return;
  if (!isEngine(engine)) end();
  setInterval(() => {
    if (parentOfLanguageHost() !== engine) end();
  }, EVERY).unref();
}

function end(): never {
  process.stderr.write("muster: the engine that ran this program has ended.\n");
  process.exit(1);
}
