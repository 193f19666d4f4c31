import type { HostItem, ItemKind, Props } from "./items.ts";

/**
 * A host item as Pulumi's inputs and state represent it: one flat map with the item's address and its wanted
 * properties.
 */
export type WireItem = Props;

type WantKeys = { readonly [K in ItemKind]: readonly (keyof Extract<HostItem, { kind: K }>["want"])[] };

/** The wanted properties of each kind of item. All other properties are the item's address. */
const WANT: WantKeys = {
  file: ["type", "content", "account", "owner", "group", "mode"],
  directory: ["type", "owner", "group", "mode"],
  copy: ["copied"],
  checkout: ["type", "revision", "changes", "remote"],
  group: ["present"],
  user: ["present", "group", "home", "shell", "groups"],
  rights: ["sudo", "keys", "linger", "files"],
  package: ["present"],
  program: ["found"],
  unit: ["enabled", "active", "overrides"],
  timer: ["enabled", "active", "overrides"],
  model: ["provider", "model"],
  running: ["running", "updater"],
  rows: ["type", "rows", "owner", "group", "mode"],
  runtime: ["bundle", "node"],
  installation: ["version", "integrity"],
  limits: ["memory", "cpu", "tasks", "overrides"],
  controllers: ["memory", "cpu", "tasks"],
};

/**
 * A property of a file that is observed but never declared: a hash of a secret with the host's own key. The hash shows
 * only whether the secret has changed.
 */
const SEAL = "seal";

/** Converts an item to a flat map. */
export function toWire(item: HostItem): WireItem {
  const { want, ...address } = item;
  return { ...address, ...want };
}

/** Converts a flat map from `toWire` or `observedWire` to an item. */
export function fromWire(wire: WireItem): HostItem {
  return { ...wireAddress(wire), want: wantOf(wire) } as unknown as HostItem;
}

/** Returns the wanted properties of a flat map. In Pulumi's state, these have the observed values. */
export function wantOf(wire: WireItem): Props {
  return pick(wire, (key) => isWanted(wire, key));
}

/** Returns all entries of a flat map that are not wanted properties: the address, and settings such as `onRemove`. */
export function wireAddress(wire: WireItem): Props {
  return pick(wire, (key) => key !== SEAL && !isWanted(wire, key));
}

/** Returns the flat map of an observed item: its address, and the observed value of each wanted property. */
export function observedWire(wire: WireItem, observed: Props): WireItem {
  return { ...wireAddress(wire), ...pick(observed, (key) => key === SEAL || isWanted(wire, key)) };
}

/** Whether a secret is the same as when Pulumi's state was written. Compares the keyed hashes. */
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
