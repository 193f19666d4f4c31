let isInterrupted = false;

/** From now on, a signal does not end the process immediately, so that booted hosts can be removed first. */
export function holdSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      isInterrupted = true;
    });
  }
}

/**
 * Must be called between two commands.
 *
 * @throws Error if a signal has arrived
 */
export function throwIfInterrupted(): void {
  if (isInterrupted) throw new Error("interrupted");
}
