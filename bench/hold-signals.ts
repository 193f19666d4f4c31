let isInterrupted = false;

/** Prevents signals from ending the process immediately, so that booted hosts can be removed first. */
export function holdSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      isInterrupted = true;
    });
  }
}

/**
 * Ends the benchmark if a signal has arrived. Must be called between two commands.
 *
 * @throws Error if a signal has arrived
 */
export function throwIfInterrupted(): void {
  if (isInterrupted) throw new Error("interrupted");
}
