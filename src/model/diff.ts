import type { HostRecord } from "./host-record.ts";
import type { HostItem, Observation, Props, Scalar } from "./items.ts";

/**
 * Why the desired and the observed state differ. `drift`: somebody changed the host. `intended`: somebody
 * changed fleet.yaml. `both`: both have changed. `unknown`: the host has no record of an earlier run, so the
 * cause cannot be determined.
 */
export type Cause = "drift" | "intended" | "both" | "unknown";

/** A difference between the declared and the observed value of one property of an item. */
export interface Difference {
  /** The item's name within its resource. A finding has the item's label instead, which people see. */
  readonly item: string;
  /** A property of the item, or a part of a property, such as `content` or `rows.loom.email`. */
  readonly property: string;
  readonly declared: Scalar;
  readonly observed: Scalar;
  readonly cause: Cause;
  /** Only for a text that is not a secret: its changed lines, with `-` for declared and `+` for observed. */
  readonly lines?: readonly string[];
}

/**
 * Compares an item as declared with the same item as observed, and returns the differences with their causes.
 * Every diff in Muster comes from this function.
 *
 * @param name the item's name within its resource
 * @param item the item as declared
 * @param observation what the host reports; an unknown state
 *   has no differences, and the caller reports it separately
 * @param record what the last `up` applied; it only decides the cause, never what is written
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
    if (isOtherThing(item, observation.props) && !PRESENCE.has(property)) return [];
    if (observed === declared) return [];
    const value = observed ?? "absent";
    const cause = causeOf(declared, value, applied?.[property], intended?.[property]);
    const details = (observation.detail ?? []).filter((d) => isWithin(property, d.property));
    if (details.length > 0) return details.map((detail) => ({ item: name, ...detail, cause }));
    return [{ item: name, property, declared, observed: value, cause }];
  });
}

const PRESENCE = new Set(["type", "present"]);

/**
 * Whether an item is missing or has another type. If so, only this is reported, and not each property of the
 * item.
 */
function isOtherThing(item: HostItem, observed: Props): boolean {
  const want: Props = item.want;
  return [...PRESENCE].some((key) => key in want && observed[key] !== want[key]);
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
