import { mapKeys } from "../base/objects.ts";
import type { Items } from "./items.ts";

/**
 * The parts of an agent, in the order in which they are applied. Each part has its own items. All parts of an agent
 * form one resource, with one record on its host.
 */
export const AGENT_PARTS = ["identity", "credentials", "contacts", "unit", "jobs"] as const;

export type AgentPart = (typeof AGENT_PARTS)[number];

/** The Pulumi property with the items of a resource that has no parts. */
export const NO_PART = "items";

/** All Pulumi properties that contain items. */
export const ITEM_PROPERTIES = [NO_PART, ...AGENT_PARTS] as const;

export type ItemProperty = (typeof ITEM_PROPERTIES)[number];

/**
 * For each part, the parts on which it depends. If one of these parts has failed in a run, the run does not change the
 * dependent part.
 */
const NEEDS: Readonly<Record<AgentPart, readonly AgentPart[]>> = {
  identity: [],
  credentials: ["identity"],
  contacts: ["identity"],
  unit: ["identity", "credentials"],
  jobs: ["identity", "credentials"],
};

/**
 * Whether a part can be changed. True if no part is given, or if neither the part nor any part on which it depends has
 * failed.
 */
export function canChangePart(part: AgentPart | undefined, failed: ReadonlySet<AgentPart>): boolean {
  return part === undefined || ![part, ...NEEDS[part]].some((one) => failed.has(one));
}

/**
 * Returns an item's name within its resource. The name is unique, even if two parts have an item with the
 * same label.
 */
export function itemName(part: ItemProperty, label: string): string {
  return part === NO_PART ? label : `${part}:${label}`;
}

const QUALIFIED = new RegExp(`^(${AGENT_PARTS.join("|")}):(.*)$`, "s");

/**
 * Parses an item's name into its part and the label that people see: `unit` and `program` for `unit:program`.
 */
export function parseItemName(name: string): { readonly part: ItemProperty; readonly label: string } {
  const [, part, label] = QUALIFIED.exec(name) ?? [];
  return label === undefined ? { part: NO_PART, label: name } : { part: part as AgentPart, label };
}

/** Returns the part of an agent to which an item belongs; undefined for items of other resources. */
export function partOf(name: string): AgentPart | undefined {
  const { part } = parseItemName(name);
  return part === NO_PART ? undefined : part;
}

/** Returns the part of an agent that contains a unit; undefined if no part contains it. */
export function partOfUnit(items: Items, unit: string): AgentPart | undefined {
  const own = Object.entries(items).find(([, item]) => item.kind === "unit" && item.name === unit);
  return own && partOf(own[0]);
}

/** Returns an item's label, which is the name that people see. */
export function labelOf(name: string): string {
  return parseItemName(name).label;
}

/** Renames the items of a part from their labels to their names within the resource. */
export function partItems(part: ItemProperty, items: Items): Items {
  return mapKeys(items, (label) => itemName(part, label));
}

/** Groups values by part and then by label. The keys of `values` are item names. */
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
