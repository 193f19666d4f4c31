import type { Pinned, WantedRuntime } from "../../model/installation.ts";
import type { Digest } from "../../model/items.ts";

/** A pinned version of a runtime. */
export interface RuntimeSpec extends WantedRuntime {
  /** The entry's pinned version in fleet.lock. */
  readonly pinned: Pinned;
  /** The digest of the pinned text. */
  readonly integrity: Digest;
  /** The path of the folder in which each host has this version. */
  readonly folder: string;
}
