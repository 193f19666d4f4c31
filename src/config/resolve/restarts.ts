import type { RestartLimit } from "../../model/deadman.ts";
import type { RawRestarts } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";

const MOST = 5;
const WITHIN = "1h";

/** Resolves how many restarts lead to quarantine, with the defaults. */
export function restartsOf({ most = MOST, within = WITHIN }: RawRestarts = {}): RestartLimit {
  return { most, within: secondsOf(within) };
}
