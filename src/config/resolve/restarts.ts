import type { RestartLimit } from "../../model/deadman.ts";
import type { RawRestarts } from "../fleet-yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";

const MOST = 5;
const WITHIN = "1h";

/** Resolves the number of restarts that lead to quarantine, and fills in the defaults. */
export function restartsOf({ most = MOST, within = WITHIN }: RawRestarts = {}): RestartLimit {
  return { most, within: secondsOf(within) };
}
