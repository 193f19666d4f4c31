import type { RemoteDirs } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

export interface ReadingOptions {
  /** Returns how to reach a host. Throws if this is unknown. */
  readonly resolve: (host: string) => Target;
  /** Ends all connections when it is aborted. Set only in runs that the engine can cancel. */
  readonly signal?: AbortSignal;
  /** Other paths on hosts than REMOTE_DIRS. Only tests set this. */
  readonly dirs?: RemoteDirs;
}

export interface WritingOptions extends ReadingOptions {
  /**
   * Returns the runtime that a host must have before it is changed. This is `runtimeFiles`, except in tests.
   */
  readonly runtime: () => RuntimeFiles;
  /**
   * Called with a host's keys on the first contact. If it is left out, hosts without pinned keys are not
   * contacted. Only `up` uses it.
   */
  readonly learn?: (host: string, keys: string[]) => void;
}
