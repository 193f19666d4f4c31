import type { RemoteDirs } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

export interface ReadingOptions {
  /** Returns how to reach a host. Throws if that is unknown. */
  readonly resolve: (host: string) => Target;
  readonly signal?: AbortSignal;
  /** Paths on hosts; only tests set them. */
  readonly dirs?: RemoteDirs;
}

export interface WritingOptions extends ReadingOptions {
  /** Returns the runtime that a host must have before it is changed: `runtimeFiles`. */
  readonly runtime: () => RuntimeFiles;
  /**
   * Called with the keys of a host that had no pinned keys.
   * If absent, such hosts are not contacted. Only for `up`.
   */
  readonly learn?: (host: string, keys: string[]) => void;
}
