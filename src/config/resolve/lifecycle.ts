import type { Lifecycle } from "../../model/deadman.ts";
import type { Keys } from "../problem.ts";
import type { RawAgent } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

const TTL = "1h";

/** Whether an agent is always on, with the default. */
export function lifecycleOf({ lifecycle, ttl }: RawAgent, keys: Keys, context: Context): Lifecycle {
  if (lifecycle === "ephemeral") return { kind: "ephemeral", ttl: secondsOf(ttl ?? TTL) };
  if (ttl !== undefined) {
    const sentence = "is only for `lifecycle: ephemeral`: a core agent is always on";
    context.report.error(context.source, [...keys, "ttl"], sentence, "key");
  }
  return { kind: "core" };
}
