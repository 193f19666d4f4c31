import type { RecurrencePolicy } from "../../model/recurrence.ts";
import type { RawRecurrence } from "../fleet-yaml-types.ts";
import { asMap, secondsOf } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/** A week. If a job overwrites a file every night, this is a recurring finding after three nights. */
const WITHIN = "7d";

/** Returns the declared policy about recurring findings, with defaults for what is not declared. */
export function resolveRecurrence({ source, report }: Context): RecurrencePolicy {
  const raw = asMap(asMap(source.value)["recurrence"]) as RawRecurrence;
  const sound = (key: keyof RawRecurrence) => report.isSound("recurrence", key);
  return {
    within: secondsOf((sound("within") ? raw.within : undefined) ?? WITHIN),
    onRecurrence: (sound("onRecurrence") ? raw.onRecurrence : undefined) ?? "warn",
  };
}
