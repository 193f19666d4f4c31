import type { HostItem, ItemKind, Props } from "./items.ts";

/** A host item as Pulumi's inputs and state hold it: its address and the wanted properties in one flat map. */
export type WireItem = Props;

type WantKeys = { readonly [K in ItemKind]: readonly (keyof Extract<HostItem, { kind: K }>["want"])[] };

/** The wanted properties of each kind; every other key of an item is its address. */
const WANT: WantKeys = {
  file: ["type", "content", "owner", "group", "mode"],
  directory: ["type", "owner", "group", "mode"],
  group: ["present"],
  user: ["present", "group", "home", "shell"],
  package: ["present"],
  program: ["found"],
  unit: ["enabled", "active", "overrides"],
  timer: ["enabled", "active", "overrides"],
  model: ["provider", "model"],
  rows: ["type", "rows", "owner", "group", "mode"],
  runtime: ["bundle", "node"],
  limits: ["memory", "cpu", "tasks", "overrides"],
  controllers: ["memory", "cpu", "tasks"],
};

/**
 * A property of a file that is observed and never wanted: a secret's bytes, hashed with the host's own key. It only
 * shows whether they are the same as before.
 */
const SEAL = "seal";

/** An item as one flat map. */
export function toWire(item: HostItem): WireItem {
  const { want, ...address } = item;
  return { ...address, ...want };
}

/** Parses an item from a flat map, which must come from `toWire` or `observedWire`. */
export function fromWire(wire: WireItem): HostItem {
  return { ...wireAddress(wire), want: wantOf(wire) } as unknown as HostItem;
}

/** The wanted (or, in state, the observed) properties of a flat map. */
export function wantOf(wire: WireItem): Props {
  return pick(wire, (key) => isWanted(wire, key));
}

/** What names an item and how it is handled: everything that is not a wanted property. */
export function wireAddress(wire: WireItem): Props {
  return pick(wire, (key) => key !== SEAL && !isWanted(wire, key));
}

/** The flat map of an observed item: its address, and the observed value of each wanted property. */
export function observedWire(wire: WireItem, observed: Props): WireItem {
  return { ...wireAddress(wire), ...pick(observed, (key) => key === SEAL || isWanted(wire, key)) };
}

/** Whether a secret is the same as when the state was written, judging by the host's keyed hash. */
export function isSameSecret(state: WireItem | undefined, observed: Props): boolean {
  return observed[SEAL] !== undefined && observed[SEAL] === state?.[SEAL];
}

function isWanted(wire: WireItem, key: string): boolean {
  const wanted: readonly string[] = WANT[wire["kind"] as ItemKind] ?? [];
  return wanted.includes(key);
}

function pick(props: Props, test: (key: string) => boolean): Props {
  return Object.fromEntries(Object.entries(props).filter(([key]) => test(key)));
}
