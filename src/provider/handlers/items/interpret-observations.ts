import { mapValues } from "../../../base/objects.ts";
import { labelOf } from "../../../model/agent-parts.ts";
import type { Detail, Observation, Observations, Props, Scalar } from "../../../model/items.ts";
import { observedWire } from "../../../model/pulumi-items.ts";
import type { WireItems } from "./inputs.ts";

/** The maximum number of characters that are shown for one property. */
const SHOWN = 400;

/** Replaces the declared values of items with the observed values. */
export function observedItems(items: WireItems, observed: Observations): WireItems {
  return mapValues(items, (item, name) => observedWire(item, observedProps(observed[name])));
}

/** Returns one sentence for each item with an unknown state. */
export function unknownReasons(items: WireItems, observed: Observations): readonly string[] {
  return Object.keys(items).flatMap((name) => {
    const observation = observed[name];
    if (observation === undefined) return [`${labelOf(name)}: the host did not report it`];
    return "unknown" in observation ? [`${labelOf(name)}: ${observation.unknown}`] : [];
  });
}

/**
 * Whether the host has none of the items of a resource. Ignores the started program, the version of the program, and
 * the model.
 */
export function isGone(items: WireItems, observed: Observations): boolean {
  const own = Object.keys(items).filter(
    (name) => !["program", "model", "running"].includes(`${items[name]?.["kind"]}`),
  );
  return own.every((name) => isAbsent(observed[name]));
}

/** Whether an item does not exist. A unit without a file still exists while it runs. */
function isAbsent(observation: Observation | undefined): boolean {
  if (observation === undefined || "unknown" in observation) return false;
  const { type, present, enabled, active = "stopped" } = observation.props;
  return type === "absent" || present === false || (enabled === "absent" && active === "stopped");
}

function observedProps(observation: Observation | undefined): Props {
  if (observation === undefined || "unknown" in observation) return {};
  const { props, detail = [] } = observation;
  return mapValues(props, (value, property) => withDetail(property, value, detail));
}

/**
 * Replaces a digest with the parts that differ, if the host has reported such parts, because people cannot read a
 * digest.
 */
function withDetail(property: string, value: Scalar, detail: readonly Detail[]): Scalar {
  const parts = detail.filter((d) => d.property === property || d.property.startsWith(`${property}.`));
  if (parts.length === 0) return value;
  const described = parts.map((d) => `${d.property} is '${d.observed}', declared '${d.declared}'`);
  const text = `${parts.length} changed: ${described.join("; ")}`;
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}
