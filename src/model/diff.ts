import type { Cause } from "./finding.ts";
import type { HostRecord } from "./host-record.ts";
import type { HostItem, Observation, Props, Scalar } from "./items.ts";

/** One property where desired and observed differ, before it is given its place in the fleet. */
export interface Difference {
  readonly item: string;
  readonly property: string;
  readonly declared: Scalar;
  readonly observed: Scalar;
  readonly cause: Cause;
  /** See Detail. */
  readonly lines?: readonly string[];
}

/**
 * The one diff: what differs between an item as declared and as observed, and why.
 *
 * @param name the item's name within its resource
 * @param item the item as declared
 * @param observation what the host says; an unknown gives no difference, the caller tells it apart
 * @param record what the last `up` applied; it names the cause alone, never what is written
 */
export function diffItem(
  name: string,
  item: HostItem,
  observation: Observation,
  record?: HostRecord,
): Difference[] {
  if ("unknown" in observation) return [];
  const applied = record?.applied?.[name];
  const intended = record?.intended?.[name];
  return Object.entries(item.want as Props).flatMap(([property, declared]) => {
    const observed = observation.props[property];
    if (isOtherThing(item, observation.props) && !TELLS_PRESENCE.has(property)) return [];
    if (observed === declared) return [];
    const value = observed ?? "absent";
    const cause = causeOf(declared, value, applied?.[property], intended?.[property]);
    const details = (observation.detail ?? []).filter((d) => isWithin(property, d.property));
    if (details.length > 0) return details.map((detail) => ({ item: name, ...detail, cause }));
    return [{ item: name, property, declared, observed: value, cause }];
  });
}

const TELLS_PRESENCE = new Set(["type", "present"]);

/** For an item that is gone or has another type, only that is reported and not each of its properties. */
function isOtherThing(item: HostItem, observed: Props): boolean {
  const want: Props = item.want;
  return [...TELLS_PRESENCE].some((key) => key in want && observed[key] !== want[key]);
}

function isWithin(property: string, detail: string): boolean {
  return detail === property || detail.startsWith(`${property}.`);
}

function causeOf(
  desired: Scalar,
  observed: Scalar,
  applied: Scalar | undefined,
  intended: Scalar | undefined,
): Cause {
  if (intended !== undefined && observed === intended) return "intended";
  if (applied === undefined) return intended === undefined ? "unknown" : "intended";
  if (observed === applied) return "intended";
  return desired === applied ? "drift" : "both";
}
