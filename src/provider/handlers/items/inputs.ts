import { InvalidError } from "../../../base/errors.ts";
import { Secret } from "../../../base/secret.ts";
import type { HostItem, Items, Scalar } from "../../../model/items.ts";
import { fromWire, type WireItem } from "../../../model/wire.ts";
import { asProperties, type Properties, UNKNOWN, type Value } from "../../values.ts";

/** The inputs or the state of a resource that is made of host items. */
export interface ItemProperties {
  readonly host: string;
  readonly id: string;
  readonly items: WireItems;
}

export type WireItems = Readonly<Record<string, WireItem>>;

/**
 * Reads the properties of a resource of items; a secret's digest is plain text in them.
 *
 * @throws InvalidError where the host, the id or the items are missing
 */
export function parseProperties(properties: Properties): ItemProperties {
  // The SDK keeps the name `id` for itself and drops an input of that name.
  const { host, resource: id, items } = properties;
  if (typeof host === "string" && typeof id === "string" && asProperties(items) !== undefined) {
    return { host, id, items: wireItems(properties) };
  }
  throw new InvalidError({
    what: "the resource cannot be read",
    why: "its host, its id or its items are missing.",
    next: "Declare it in fleet.yaml and run `pulumi up`: what is already on the host is adopted.",
  });
}

/** The items that are known; a whole item may be unknown during a preview. */
export function wireItems(properties: Properties): WireItems {
  const items = Object.entries(asProperties(properties["items"]) ?? {});
  return Object.fromEntries(
    items.flatMap(([name, item]) => {
      const map = asProperties(item);
      return map === undefined ? [] : [[name, plain(map)]];
    }),
  );
}

/** The same properties with other items, whose secret contents are marked as secrets. Unknown items stay. */
export function withItems(properties: Properties, items: WireItems): Properties {
  const old = Object.entries(asProperties(properties["items"]) ?? {});
  const unknown = Object.fromEntries(old.filter(([, item]) => item === UNKNOWN));
  return { ...properties, items: { ...unknown, ...mapValues(items, markSecret) } };
}

/** The items as the host knows them. */
export function hostItems(items: WireItems): Items {
  return mapValues(items, (item): HostItem => fromWire(item));
}

/** The same names with other values. */
export function mapValues<A, B>(map: Readonly<Record<string, A>>, change: (value: A, name: string) => B) {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value, name)]));
}

function plain(item: Properties): WireItem {
  return mapValues(item, (value: Value) => (value instanceof Secret ? value.reveal() : value) as Scalar);
}

function markSecret(item: WireItem): Properties {
  const { secret, content } = item;
  return secret === undefined || content === undefined
    ? item
    : { ...item, content: new Secret(`${content}`) };
}
