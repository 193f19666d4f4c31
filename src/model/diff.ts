import { withFoundAccess } from "./as-found.ts";
import type { HostRecord } from "./host-record.ts";
import {
  type Cause,
  type HostItem,
  type Observation,
  type Props,
  QUARANTINED,
  type Refusal,
  type Scalar,
} from "./items.ts";

/** A difference between the declared and the observed value of one property of an item. */
export interface Difference {
  /**
   * The item's name within its resource. In a finding, this is the item's label, which is shown to people.
   */
  readonly item: string;
  /** A property of the item, or a part of a property, such as `content` or `rows.loom.email`. */
  readonly property: string;
  readonly declared: Scalar;
  readonly observed: Scalar;
  readonly cause: Cause;
  /**
   * The changed lines. `-` precedes a declared line, and `+` precedes an observed line. Present only for a text that is
   * not secret.
   */
  readonly lines?: readonly string[];
  /** Present if `up` cannot repair the difference. */
  readonly refusal?: Refusal;
}

/**
 * Compares an item as declared with the same item as observed, and returns the differences with their causes.
 * Every diff in Muster comes from this function.
 *
 * @param name the item's name within its resource
 * @param item the item as declared
 * @param observation the observation of the item on the host. If the state is unknown, no differences are returned, and
 *   the caller reports the unknown state separately.
 * @param record the record of the last `up`, which is used only to find the cause of a difference
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
  // The last run applied the resource without this property, so the property is new in fleet.yaml.
  const isNew = (property: string) =>
    record?.applied !== undefined && !(property in (applied ?? {})) && intended === undefined;
  return Object.entries(withFoundAccess(item, observation.props).want as Props).flatMap(
    ([property, declared]) => {
      const observed = observation.props[property];
      if (isOtherThing(item, observation.props) && !PRESENCE.has(property)) return [];
      if (observed === declared) return [];
      const value = observed ?? "absent";
      const cause = causeOf(declared, value, applied?.[property], intended?.[property], isNew(property));
      const rest = { cause, ...(observation.refusal && { refusal: observation.refusal }) };
      const details = (observation.detail ?? []).filter((d) => isWithin(property, d.property));
      if (details.length > 0)
        return details.map((detail) => ({
          item: name,
          ...rest,
          ...detail,
          property: shownProperty(detail.property),
        }));
      return [{ item: name, property, declared, observed: value, ...rest }];
    },
  );
}

/**
 * Returns the name of a property as messages show it. For a key of a merged file, this is only the key, such as
 * `model.default`.
 */
function shownProperty(property: string): string {
  return property.replace(/^content\./, "");
}

const PRESENCE = new Set(["type", "present"]);

/**
 * Whether an item is missing, or has a type other than the declared type. Only this difference is then reported, and
 * not every property of the item.
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
  isNew: boolean,
): Cause {
  // A quarantine is always drift, because no change of fleet.yaml puts a unit in quarantine.
  if (observed === QUARANTINED) return "drift";
  if (isNew) return "intended";
  if (intended !== undefined && observed === intended) return "intended";
  if (applied === undefined) return intended === undefined ? "unknown" : "intended";
  if (observed === applied) return "intended";
  return desired === applied ? "drift" : "both";
}
