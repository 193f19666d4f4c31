import type { RemoteDirs } from "./remote-command.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import type { Target } from "./target.ts";

export interface ReadingOptions {
  /** How to reach a host. Throws where nobody knows. */
  readonly resolve: (host: string) => Target;
  readonly signal?: AbortSignal;
  /** Where things lie on hosts; for tests. */
  readonly dirs?: RemoteDirs;
}

export interface WritingOptions extends ReadingOptions {
  /** What must run on a host that is written to: `runtimeFiles`. */
  readonly runtime: () => RuntimeFiles;
  /** Allows first contacts, and takes the keys that were learnt. Only for `up`. */
  readonly learn?: (host: string, keys: string[]) => void;
}
