import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import type { Keys } from "../problem.ts";
import { isMergeKey } from "./plain-values.ts";
import type { Part } from "./source.ts";

type Targets = ReadonlyMap<Alias, Node>;

interface Place {
  readonly key: unknown;
  readonly value: unknown;
}

/**
 * Returns the offset of the value at these keys. Follows aliases and merge keys. If the value does not exist, returns
 * the offset of the nearest existing key above the value.
 */
export function offsetOf(root: Node | null, keys: Keys, part: Part, targets: Targets): number {
  let place: Place = { key: undefined, value: root };
  for (const key of keys) {
    const next = below(followed(place.value, targets), key, targets);
    if (next === undefined) return offset(place, "key");
    place = next;
  }
  return offset(place, part);
}

function below(node: unknown, key: string | number, targets: Targets): Place | undefined {
  if (isSeq(node) && typeof key === "number") return { key: node.items[key], value: node.items[key] };
  if (!isMap(node)) return undefined;
  const own = node.items.find((pair) => isScalar(pair.key) && nameOf(pair) === key);
  if (own !== undefined) return { key: own.key, value: own.value };
  return node.items
    .filter(isMergeKey)
    .map((pair) => belowMerged(pair, key, targets))
    .find(Boolean);
}

function belowMerged(pair: Pair, key: string | number, targets: Targets): Place | undefined {
  const merged = followed(pair.value, targets);
  const maps = isSeq(merged) ? merged.items : [merged];
  return maps.map((map) => below(followed(map, targets), key, targets)).find(Boolean);
}

function nameOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : undefined;
}

function followed(node: unknown, targets: Targets): unknown {
  return isAlias(node) ? targets.get(node) : node;
}

function offset(place: Place, part: Part): number {
  const key = start(place.key);
  const value = isScalar(place.value) && place.value.value === null ? undefined : start(place.value);
  return (part === "key" ? (key ?? value) : (value ?? key)) ?? 0;
}

function start(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
