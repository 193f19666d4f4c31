import type { RecurrencePolicy } from "../../model/recurrence.ts";
import type { RawRecurrence } from "../fleet-yaml-types.ts";
import { asMap, secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/**
 * The default period in which repairs of the same property count as recurring. If a job overwrites a file every night,
 * this becomes a recurring finding after three nights.
 */
const WITHIN = "7d";

/** Returns the declared policy about recurring findings. Undeclared fields have their defaults. */
export function resolveRecurrence({ source, report }: Context): RecurrencePolicy {
  const raw = asMap(asMap(source.value)["recurrence"]) as RawRecurrence;
  const sound = (key: keyof RawRecurrence) => report.isSound("recurrence", key);
  return {
    within: secondsOf((sound("within") ? raw.within : undefined) ?? WITHIN),
    onRecurrence: (sound("onRecurrence") ? raw.onRecurrence : undefined) ?? "warn",
    ...(sound("recordWriters") && raw.recordWriters === true && { recordWriters: true }),
  };
}
