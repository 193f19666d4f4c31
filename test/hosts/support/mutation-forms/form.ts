import type { Declaration, Plan } from "../../../../src/model/declaration.ts";
import type { HostItem, Props } from "../../../../src/model/items.ts";

/** One item of a fleet, which a person can change on its host. */
export interface Place<I extends HostItem = HostItem> {
  readonly plan: Plan;
  readonly declaration: Declaration;
  /** The item's name within its resource: `identity:SOUL.md`. */
  readonly name: string;
  readonly item: I;
}

/** One way to change an item by hand. */
export interface Form {
  readonly name: string;
  /** The script that a person runs on the host as root. */
  readonly script: string;
  /** The item's own properties that differ from the declaration afterwards. */
  readonly properties: readonly string[];
  /** The differences that are reported for other items, in the format of `reportedAs`. */
  readonly also?: readonly string[];
  /** A script that prints what `up` must leave unchanged. */
  readonly keeps?: string;
}

/** Where the scripts move the files that they replace. `up` must not change it. */
export const STASH = "/var/tmp/muster-stash";

/**
 * A difference without its values, which is the same for `fleet drift` and `pulumi preview`.
 *
 * @param item name within its resource: `identity:SOUL.md`
 */
export function reportedAs(resource: string, item: string, property: string): string {
  return `${resource}: ${item}.${property}`;
}

/** Every item of a plan. */
export function placesOf(plan: Plan): Place[] {
  return plan.declarations.flatMap((declaration) =>
    Object.entries(declaration.items).map(([name, item]) => ({ plan, declaration, name, item })),
  );
}

/** The differences of all other items of the plan for which a property is found. */
export function others(place: Place, propertyOf: (other: Place) => string | undefined): string[] {
  return placesOf(place.plan).flatMap((other) => {
    const property = other.item === place.item ? undefined : propertyOf(other);
    return property === undefined ? [] : [reportedAs(other.declaration.id, other.name, property)];
  });
}

/** The names of the properties that differ. */
export function differingNames(want: object, props: Props): string[] {
  return Object.keys(props).filter((name) => props[name] !== (want as Props)[name]);
}
