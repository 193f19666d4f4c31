import type { HostRecord } from "../../model/host-record.ts";
import type { HostItem, Items, Observation, Observations } from "../../model/items.ts";
import { differs } from "../kinds/file-attributes.ts";
import type { ItemState } from "../kinds/kind.ts";
import { kindOf } from "../kinds/registry.ts";
import type { RequestContext } from "../request-context.ts";

/** An item of a resource, and its name within the resource. */
export interface NamedItem extends ItemState {
  readonly name: string;
}

/** Returns a resource's items, each with its properties in the record. */
export function itemStates(
  items: Items,
  record: HostRecord | undefined,
  secrets: Readonly<Record<string, string>> = {},
): NamedItem[] {
  return Object.entries(items).map(([name, item]) => {
    const applied = record?.applied?.[name];
    const intended = record?.intended?.[name];
    const secret = secrets[name];
    return {
      name,
      item,
      ...(applied && { applied }),
      ...(intended && { intended }),
      ...(secret !== undefined && { secret }),
    };
  });
}

/** Observes many items, one kind after another. @returns the observation of each target */
export function observeAll<T extends ItemState>(
  context: RequestContext,
  targets: readonly T[],
): ReadonlyMap<T, Observation> {
  context.refreshAccounts();
  const observed = new Map<T, Observation>();
  for (const [kind, same] of Map.groupBy(targets, ({ item }) => item.kind)) {
    const observations = kindOf(kind).observe(context, same);
    for (const [i, target] of same.entries())
      observed.set(target, observations[i] ?? { unknown: "not observed" });
  }
  return observed;
}

/** Returns one resource's observations by item name. @param observed the result of `observeAll` */
export function observationsOf(
  targets: readonly NamedItem[],
  observed: ReadonlyMap<NamedItem, Observation>,
): Observations {
  return Object.fromEntries(
    targets.map((target) => [target.name, observed.get(target) ?? { unknown: "not observed" }]),
  );
}

/** Whether the observed item is as declared. */
export function isAsWanted(item: HostItem, observation: Observation | undefined): boolean {
  const props = observation !== undefined && "props" in observation ? observation.props : {};
  return !differs(item.want, props, ...Object.keys(item.want));
}
