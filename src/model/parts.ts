import { mapKeys } from "../base/objects.ts";
import type { Items } from "./items.ts";

/**
 * The parts of an agent, in the order in which they are made. Each part is a function from the fleet to named items.
 * Together they are one resource, with one record on its host.
 */
export const AGENT_PARTS = ["identity", "credentials", "contacts", "unit", "jobs"] as const;

export type AgentPart = (typeof AGENT_PARTS)[number];

/** The property that holds the items of a resource without parts. */
export const WHOLE = "items";

/** Every property that holds items. */
export const ITEM_PROPERTIES = [WHOLE, ...AGENT_PARTS] as const;

export type ItemProperty = (typeof ITEM_PROPERTIES)[number];

/** The parts that each part needs. While one of these has failed, the part is not changed. */
const NEEDS: Readonly<Record<AgentPart, readonly AgentPart[]>> = {
  identity: [],
  credentials: ["identity"],
  contacts: ["identity"],
  unit: ["identity", "credentials"],
  jobs: ["identity", "credentials"],
};

/** Whether a part can be changed: neither it nor a part that it needs has failed. Items without a part always can. */
export function isOpen(part: AgentPart | undefined, failed: ReadonlySet<AgentPart>): boolean {
  return part === undefined || ![part, ...NEEDS[part]].some((one) => failed.has(one));
}

/** An item's name within its resource. It is unique, although two parts may each have an item with the same label. */
export function itemName(part: ItemProperty, label: string): string {
  return part === WHOLE ? label : `${part}:${label}`;
}

const QUALIFIED = new RegExp(`^(${AGENT_PARTS.join("|")}):(.*)$`, "s");

/** Parses an item's name into its part and the label that people see: `unit` and `program` for `unit:program`. */
export function parseItemName(name: string): { readonly part: ItemProperty; readonly label: string } {
  const [, part, label] = QUALIFIED.exec(name) ?? [];
  return label === undefined ? { part: WHOLE, label: name } : { part: part as AgentPart, label };
}

/** The part of an agent that an item belongs to; undefined for items of other resources. */
export function partOf(name: string): AgentPart | undefined {
  const { part } = parseItemName(name);
  return part === WHOLE ? undefined : part;
}

/** The part of an agent that has a unit among its items; undefined where no part has it. */
export function partOfUnit(items: Items, unit: string): AgentPart | undefined {
  const own = Object.entries(items).find(([, item]) => item.kind === "unit" && item.name === unit);
  return own && partOf(own[0]);
}

/** The name of an item that people see. */
export function labelOf(name: string): string {
  return parseItemName(name).label;
}

/** The items of a part, with the names that they have within their resource. */
export function partItems(part: ItemProperty, items: Items): Items {
  return mapKeys(items, (label) => itemName(part, label));
}

/** Groups values by part and label. */
export function byPart<T>(
  values: Readonly<Record<string, T>>,
): Partial<Record<ItemProperty, Readonly<Record<string, T>>>> {
  const parts: Partial<Record<ItemProperty, Record<string, T>>> = {};
  for (const [name, value] of Object.entries(values)) {
    const { part, label } = parseItemName(name);
    parts[part] = { ...parts[part], [label]: value };
  }
  return parts;
}
