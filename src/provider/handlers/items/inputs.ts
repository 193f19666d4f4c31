import { InvalidError } from "../../../base/errors.ts";
import { mapValues } from "../../../base/objects.ts";
import { Secret } from "../../../base/secret.ts";
import { byPart, ITEM_PROPERTIES, itemName } from "../../../model/agent-parts.ts";
import { comparedText, type HostItem, type Items, type Scalar } from "../../../model/items.ts";
import { fromWire, type WireItem } from "../../../model/pulumi-items.ts";
import { asProperties, type Properties, UNKNOWN, type Value } from "../../wire/values.ts";

/** The inputs or the state of a resource that consists of host items. */
export interface ItemProperties {
  readonly host: string;
  readonly id: string;
  readonly items: WireItems;
}

export type WireItems = Readonly<Record<string, WireItem>>;

/**
 * Parses the properties of a resource that consists of items. Returns the digest of a secret as plain text.
 *
 * @throws InvalidError if the host, the id or the items are missing
 */
export function parseProperties(properties: Properties): ItemProperties {
  // The SDK reserves the name `id` and drops an input with that name.
  const { host, resource: id } = properties;
  if (typeof host === "string" && typeof id === "string" && hasItems(properties)) {
    return { host, id, items: wireItems(properties) };
  }
  throw new InvalidError({
    what: "the resource cannot be read",
    why: "its host, its id or its items are missing.",
    next: "Declare it in fleet.yaml and run `npx pulumi up`, which adopts what is already on the host.",
  });
}

/** Whether the properties contain items. For an agent, each part is a separate property. */
export function hasItems(properties: Properties): boolean {
  return ITEM_PROPERTIES.some((property) => asProperties(properties[property]) !== undefined);
}

/** Returns the known items, by name. In a preview, an item can be unknown. */
export function wireItems(properties: Properties): WireItems {
  const items = Object.entries(allItems(properties));
  return Object.fromEntries(
    items.flatMap(([name, item]) => {
      const map = asProperties(item);
      return map === undefined ? [] : [[name, plain(map)]];
    }),
  );
}

/** Returns the names of the unknown items, which become known only in the update. */
export function unknownItems(properties: Properties): string[] {
  const items = Object.entries(allItems(properties));
  return items.flatMap(([name, item]) => (asProperties(item) === undefined ? [name] : []));
}

function allItems(properties: Properties): Properties {
  const parts = ITEM_PROPERTIES.map((property) =>
    Object.entries(asProperties(properties[property]) ?? {}).map(
      ([label, item]) => [itemName(property, label), item] as const,
    ),
  );
  return Object.fromEntries(parts.flat());
}

/** Replaces the items in the properties, but keeps unknown items. Marks the contents of secrets as secret. */
export function withItems(properties: Properties, items: WireItems): Properties {
  const unknown = unknownItems(properties).map((name) => [name, UNKNOWN] as const);
  const parts = byPart<Value>({ ...Object.fromEntries(unknown), ...mapValues(items, markSecret) });
  const emptied = ITEM_PROPERTIES.filter((property) => asProperties(properties[property]) !== undefined);
  return { ...properties, ...Object.fromEntries(emptied.map((property) => [property, {}])), ...parts };
}

/**
 * Whether an item is an agent's home. Homes are the only items that a removal moves aside, or deletes with their
 * contents.
 */
export function isHomeFolder({
  kind,
  onRemove,
}: {
  readonly kind?: unknown;
  readonly onRemove?: unknown;
}): boolean {
  return kind === "directory" && (onRemove === "aside" || onRemove === "wipe");
}

/** Converts items to the form that hosts use. */
export function hostItems(items: WireItems): Items {
  return mapValues(items, (item): HostItem => fromWire(item));
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

/** Returns the items that a host can observe only with their declared text. */
export function comparedItems(items: Items): Items {
  return Object.fromEntries(Object.entries(items).filter(([, item]) => comparedText(item) !== undefined));
}
