import type { Declaration, Plan } from "../../../../src/model/declaration.ts";
import type { HostItem, Props } from "../../../../src/model/items.ts";

/** One item in a fleet. A person can change the item on its host. */
export interface Place<I extends HostItem = HostItem> {
  readonly plan: Plan;
  readonly declaration: Declaration;
  /** The item's name within its resource, such as `identity:SOUL.md`. */
  readonly name: string;
  readonly item: I;
}

/** One way to change an item by hand. */
export interface Form {
  readonly name: string;
  /** The script that a person runs on the host as root. */
  readonly script: string;
  /** The properties of the item that differ from the declaration after the change. */
  readonly properties: readonly string[];
  /** The differences that are reported for other items, in the format of `reportedAs`. */
  readonly also?: readonly string[];
  /** A script that prints the data that `up` must leave unchanged. */
  readonly keeps?: string;
}

/** The folder to which the scripts move the files that they replace. `up` must not change this folder. */
export const STASH = "/var/tmp/muster-stash";

/**
 * Returns a difference without its values, in a form that is the same for `fleet drift` and `pulumi preview`.
 *
 * @param item the item's name within its resource, such as `identity:SOUL.md`
 */
export function reportedAs(resource: string, item: string, property: string): string {
  return `${resource}: ${item}.${property}`;
}

/** Returns all items in a plan. */
export function placesOf(plan: Plan): Place[] {
  return plan.declarations.flatMap((declaration) =>
    Object.entries(declaration.items).map(([name, item]) => ({ plan, declaration, name, item })),
  );
}

/** Returns the differences of the host's other items for which `propertyOf` returns a property. */
export function others(place: Place, propertyOf: (other: Place) => string | undefined): string[] {
  const onHost = placesOf(place.plan).filter(
    ({ declaration }) => declaration.host === place.declaration.host,
  );
  return onHost.flatMap((other) => {
    const property = other.item === place.item ? undefined : propertyOf(other);
    return property === undefined ? [] : [reportedAs(other.declaration.id, other.name, property)];
  });
}

/** Returns the names of the properties that differ from the declared properties. */
export function differingNames(want: object, props: Props): string[] {
  return Object.keys(props).filter((name) => props[name] !== (want as Props)[name]);
}
