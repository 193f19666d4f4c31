import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { Keys } from "../problem.ts";

/** A problem in the YAML itself, at an offset in the text. */
export interface Flaw {
  readonly keys: Keys;
  readonly offset: number;
  readonly sentence: string;
}

/** A document as plain values, and the node to which each alias refers. */
export interface Plain {
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
  readonly targets: ReadonlyMap<Alias, Node>;
}

/**
 * The maximum nesting depth. The sections of fleet.yaml are much less deep. Values up to this depth cause no stack
 * overflow.
 */
const MAX_DEPTH = 60;

/**
 * The maximum number of values in a document after its aliases are expanded. A fleet of 1,000 agents has
 * 30,000 values.
 */
const MOST_VALUES = 200_000;

interface Anchored {
  readonly node: Node;
  readonly value: unknown;
  readonly size: number;
}

interface Walk {
  readonly flaws: Flaw[];
  readonly targets: Map<Alias, Node>;
  readonly anchors: Map<string, Anchored>;
  size: number;
}

/**
 * Converts YAML nodes to plain values. Maps have no prototype, so `__proto__` is an ordinary key. An anchored
 * value is converted once, and its aliases share the result. Merge keys are expanded.
 *
 * The library's own toJS is not used, because it stops at the first error, its errors have no path, and its
 * check for duplicate keys takes quadratic time.
 */
export function plainOf(root: Node | null): Plain {
  const walk: Walk = { flaws: [], targets: new Map(), anchors: new Map(), size: 0 };
  const value = convert(root, [], walk);
  return { value, flaws: walk.flaws, targets: walk.targets };
}

function convert(node: unknown, keys: Keys, walk: Walk): unknown {
  const before = walk.size;
  walk.size += 1;
  if (isAlias(node)) return followed(node, keys, walk);
  if (keys.length > MAX_DEPTH)
    return flaw(walk, node, keys.slice(0, 3), `is nested more than ${MAX_DEPTH} levels deep`);
  const value = converted(node, keys, walk);
  const anchor = (node as Node | null)?.anchor;
  if (anchor) walk.anchors.set(anchor, { node: node as Node, value, size: walk.size - before });
  return value;
}

function converted(node: unknown, keys: Keys, walk: Walk): unknown {
  if (isMap(node)) return mapOf(node, keys, walk);
  if (isSeq(node)) return node.items.map((item, index) => convert(item, [...keys, index], walk));
  return isScalar(node) ? node.value : null;
}

function followed(alias: Alias, keys: Keys, walk: Walk): unknown {
  const anchored = walk.anchors.get(alias.source);
  if (anchored === undefined) {
    return flaw(walk, alias, keys, `no anchor &${alias.source} is defined before this alias`);
  }
  walk.size += anchored.size;
  if (walk.size > MOST_VALUES)
    return flaw(walk, alias, keys, "the aliases of this file expand to too many values");
  walk.targets.set(alias, anchored.node);
  return anchored.value;
}

function mapOf(map: YAMLMap, keys: Keys, walk: Walk): Record<string, unknown> {
  const value: Record<string, unknown> = Object.create(null);
  const merged: unknown[] = [];
  for (const pair of map.items) {
    const key = keyOf(pair, keys, walk);
    if (key === undefined) continue;
    const below = [...keys, key];
    if (isMergeKey(pair)) merged.push(...mergedMaps(pair, below, walk));
    else if (key in value) flaw(walk, pair.key, below, "is a duplicate key");
    else value[key] = convert(pair.value, below, walk);
  }
  for (const source of merged) fillIn(value, source);
  return value;
}

function keyOf(pair: Pair, keys: Keys, walk: Walk): string | undefined {
  if (isScalar(pair.key) && pair.key.value !== null) return pair.key.source ?? String(pair.key.value);
  flaw(walk, pair.key ?? pair.value, keys, "a key must be plain text");
  return undefined;
}

/** Whether a pair is a YAML merge key, such as `<<: *anchor`. */
export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === "PLAIN" && pair.key.value === "<<";
}

function mergedMaps(pair: Pair, keys: Keys, walk: Walk): unknown[] {
  const value = convert(pair.value, keys, walk);
  const maps = Array.isArray(value) ? value : [value];
  if (maps.every(isPlainMap)) return maps;
  flaw(walk, pair.key, keys, "can merge only maps: write <<: and the alias of a map");
  return [];
}

function isPlainMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Adds the keys of a merged map to a map. A key that the map already has keeps its value. The map's own keys and the
 * keys of earlier merged maps therefore take precedence.
 */
function fillIn(value: Record<string, unknown>, source: unknown): void {
  for (const [key, merged] of Object.entries(source as object)) {
    if (!(key in value)) value[key] = merged;
  }
}

function flaw(walk: Walk, node: unknown, keys: Keys, sentence: string): undefined {
  const offset = (node as Node | null)?.range?.[0] ?? 0;
  walk.flaws.push({ keys, offset, sentence });
}
