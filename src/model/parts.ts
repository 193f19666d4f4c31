import { mapKeys } from "../base/objects.ts";
import type { Items } from "./items.ts";

/**
 * What an agent is made of, in the order in which the parts are made. Each part is a function of the fleet that gives
 * named items; together they are one resource, with one record on its host.
 */
export const AGENT_PARTS = ["identity", "credentials", "contacts", "unit", "jobs"] as const;

export type AgentPart = (typeof AGENT_PARTS)[number];

/** Where the items of a resource without parts stand among its properties. */
export const WHOLE = "items";

/** Every property that holds items. */
export const ITEM_PROPERTIES = [WHOLE, ...AGENT_PARTS] as const;

export type ItemProperty = (typeof ITEM_PROPERTIES)[number];

/** The parts that must be there first: while one of these has failed, a part is left as it is. */
const NEEDS: Readonly<Record<AgentPart, readonly AgentPart[]>> = {
  identity: [],
  credentials: ["identity"],
  contacts: ["identity"],
  unit: ["identity", "credentials"],
  jobs: ["identity", "credentials"],
};

/** Whether a part is worked on: it has not failed, and no part that it needs has. What has no parts is. */
export function isOpen(part: AgentPart | undefined, failed: ReadonlySet<AgentPart>): boolean {
  return part === undefined || ![part, ...NEEDS[part]].some((one) => failed.has(one));
}

/** An item's name within its resource: unique, since two parts may each have an item of one label. */
export function itemName(part: ItemProperty, label: string): string {
  return part === WHOLE ? label : `${part}:${label}`;
}

const QUALIFIED = new RegExp(`^(${AGENT_PARTS.join("|")}):(.*)$`, "s");

/** The part that an item belongs to, and what people call it: `unit` and `program` of `unit:program`. */
export function parseItemName(name: string): { readonly part: ItemProperty; readonly label: string } {
  const [, part, label] = QUALIFIED.exec(name) ?? [];
  return label === undefined ? { part: WHOLE, label: name } : { part: part as AgentPart, label };
}

/** The part of an agent that an item belongs to; undefined for an item of any other resource. */
export function partOf(name: string): AgentPart | undefined {
  const { part } = parseItemName(name);
  return part === WHOLE ? undefined : part;
}

/** The part of an agent whose items have a unit; undefined where no part has it. */
export function partOfUnit(items: Items, unit: string): AgentPart | undefined {
  const own = Object.entries(items).find(([, item]) => item.kind === "unit" && item.name === unit);
  return own && partOf(own[0]);
}

/** What people call an item. */
export function labelOf(name: string): string {
  return parseItemName(name).label;
}

/** The items of a part, under the names that they have within their resource. */
export function partItems(part: ItemProperty, items: Items): Items {
  return mapKeys(items, (label) => itemName(part, label));
}

/** Values by item name, as values by part and label. */
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
