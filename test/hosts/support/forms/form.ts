import type { Declaration, Plan } from "../../../../src/model/declaration.ts";
import type { HostItem, Props } from "../../../../src/model/items.ts";

/** One item of a fleet, as something that a person can spoil on its host. */
export interface Place<I extends HostItem = HostItem> {
  readonly plan: Plan;
  readonly declaration: Declaration;
  /** The item's name within its resource: `identity:SOUL.md`. */
  readonly name: string;
  readonly item: I;
}

/** One way to spoil an item. */
export interface Form {
  readonly name: string;
  /** What a person does on the host as root. */
  readonly script: string;
  /** The item's own properties that are not as declared then. */
  readonly tells: readonly string[];
  /** What is told of other items, as `toldOf` has it. */
  readonly also?: readonly string[];
  /** Prints what `up` must leave as it is. */
  readonly keeps?: string;
}

/** Where the scripts put what they take away; `up` must not touch it. */
export const STASH = "/var/tmp/muster-stash";

/**
 * A difference without its values: the same for `fleet drift` and `pulumi preview`.
 *
 * @param item its name within its resource: `identity:SOUL.md`
 */
export function toldOf(resource: string, item: string, property: string): string {
  return `${resource}: ${item}.${property}`;
}

/** Every item of a plan. */
export function placesOf(plan: Plan): Place[] {
  return plan.declarations.flatMap((declaration) =>
    Object.entries(declaration.items).map(([name, item]) => ({ plan, declaration, name, item })),
  );
}

/** What is told of all other items of the plan for which a property is found. */
export function others(place: Place, propertyOf: (other: Place) => string | undefined): string[] {
  return placesOf(place.plan).flatMap((other) => {
    const property = other.item === place.item ? undefined : propertyOf(other);
    return property === undefined ? [] : [toldOf(other.declaration.id, other.name, property)];
  });
}

/** The names of the properties that are not as wanted. */
export function unlike(want: object, props: Props): string[] {
  return Object.keys(props).filter((name) => props[name] !== (want as Props)[name]);
}
