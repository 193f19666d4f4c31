import type { RemoteDirs } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

export interface ReadingOptions {
  /** Returns the address and the login of a host. Throws an error if they are unknown. */
  readonly resolve: (host: string) => Target;
  /** When this signal is aborted, all connections end. Set only in runs that the engine can cancel. */
  readonly signal?: AbortSignal;
  /** Paths on the host to use instead of REMOTE_DIRS. Only tests set this. */
  readonly dirs?: RemoteDirs;
}

export interface WritingOptions extends ReadingOptions {
  /**
   * Returns the runtime that a host must have before it is changed. Except in tests, this function is
   * `runtimeFiles`.
   */
  readonly runtime: () => RuntimeFiles;
  /**
   * Called with the keys of a host during the first contact. If absent, hosts without pinned keys are not contacted.
   * Only `up` sets this function.
   */
  readonly learn?: (host: string, keys: string[]) => void;
}
