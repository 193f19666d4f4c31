import { isDeepStrictEqual } from "node:util";
import { type Format, Unmergeable } from "./format.ts";
import { formatOf } from "./registry.ts";
import {
  hasTextKeys,
  isTree,
  nested,
  type Path,
  type Tree,
  type Value,
  valueAt,
  withoutValue,
  withValue,
} from "./values.ts";

/** One key of a settings file and its value. A list counts as one value, and so does a map without keys. */
interface Leaf {
  readonly path: Path;
  readonly value: Value;
}

/** A key that differs from its declared value, or that is no longer declared. */
export interface KeyDifference {
  readonly path: Path;
  /** Undefined if the key is no longer declared. */
  readonly declared: Value | undefined;
  /** Undefined if the file does not have the key. */
  readonly found: Value | undefined;
}

export interface Merged {
  readonly text: string;
  /** Whether a value of the agent was also replaced, such as a text at a place where a map is declared. */
  readonly replaces: boolean;
}

const BOM = "\ufeff";

/** Parses the keys of a settings file. An empty text has no keys. @throws Unmergeable */
export function parseKeys(format: Format, text: string): Tree {
  const size = Buffer.byteLength(text);
  if (size > format.most) {
    const [is, most] = [size, format.most].map((bytes) => Math.ceil(bytes / 1024));
    throw new Unmergeable(`has ${is} KiB, and Muster merges at most ${most} KiB of ${format.name}`);
  }
  return unlessTooDeep(() => format.parse(withoutBom(text)));
}

/** Returns the keys of a settings file with a known format; no keys if the text cannot be parsed. */
export function settingsKeys(path: string, text: string): Tree {
  const format = formatOf(path);
  if (format === undefined) return new Map();
  try {
    return parseKeys(format, text);
  } catch (error) {
    if (error instanceof Unmergeable) return new Map();
    throw error;
  }
}

/**
 * Returns the differences between a settings file and its declaration. Keys that were never declared are not compared.
 *
 * @param former the previous declaration. A key that is no longer declared differs as long as it has its former value.
 */
export function compareKeys(declared: Tree, found: Tree, former: readonly Tree[]): KeyDifference[] {
  return unlessTooDeep(() => [
    ...leavesOf(declared)
      .filter(({ path, value }) => !isKept(value, valueAt(found, path)))
      .map(({ path, value }) => ({ path, declared: value, found: valueAt(found, path) })),
    ...undeclared(declared, found, former).map(({ path, value }) => ({
      path,
      declared: undefined,
      found: value,
    })),
  ]);
}

/** Returns a tree with all keys of `tree`, and with the keys of `more` at paths at which `tree` has no value. */
export function addMissingKeys(tree: Tree, more: Tree): Tree {
  return leavesOf(more).reduce<Tree>((all, { path, value }) => {
    const isTaken = valueAt(all, path) !== undefined || upToObstacle(all, path).length < path.length;
    return isTaken ? all : withValue(all, path, value);
  }, tree);
}

/**
 * Changes the text of a settings file in place. Gives the declared keys their values. Removes keys that are no longer
 * declared if they still have their former values. Does not change any other text.
 *
 * @throws Unmergeable if this is not possible without changing other keys
 */
export function mergeKeys(format: Format, text: string, declared: Tree, former: readonly Tree[]): Merged {
  const before = parseKeys(format, text);
  return unlessTooDeep(() => {
    let [tree, body, replaces] = [before, withoutBom(text), false];
    for (const { path, value } of leavesOf(declared)) {
      const old = valueAt(tree, path);
      if (isKept(value, old)) continue;
      const target = upToObstacle(tree, path);
      const inWay = valueAt(tree, target);
      replaces ||= target.length < path.length ? inWay !== null : isTree(inWay) && inWay.size > 0;
      body = format.set(body, target, nested(path.slice(target.length), value));
      tree = withValue(tree, path, value);
    }
    for (const { path } of undeclared(declared, tree, former)) {
      const target = withEmptyParents(declared, tree, path);
      body = format.remove(body, target);
      tree = withoutValue(tree, target);
    }
    if (body !== withoutBom(text) && !isDeepStrictEqual(reparsed(format, body), tree)) throw notInPlace();
    return { text: text.startsWith(BOM) ? BOM + body : body, replaces };
  });
}

function withoutBom(text: string): string {
  return text.startsWith(BOM) ? text.slice(1) : text;
}

/**
 * Runs work on parsed texts. Turns a stack overflow into an Unmergeable error, because a malicious text can be nested
 * very deeply.
 */
function unlessTooDeep<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new Unmergeable("is nested too deeply");
    throw error;
  }
}

function reparsed(format: Format, text: string): Tree {
  try {
    return format.parse(text);
  } catch (error) {
    if (error instanceof Unmergeable) throw notInPlace();
    throw error;
  }
}

function notInPlace(): Unmergeable {
  return new Unmergeable("has declared keys in a part that cannot be changed without changing other keys");
}

function leavesOf(tree: Tree, above: Path = []): Leaf[] {
  return [...tree].flatMap(([key, value]) => {
    const path = [...above, `${key as string}`];
    return isTree(value) && value.size > 0 && hasTextKeys(value) ? leavesOf(value, path) : [{ path, value }];
  });
}

/** Whether a declared key has its declared value. A declared map without keys accepts any map. */
function isKept(declared: Value, found: Value | undefined): boolean {
  if (isTree(declared) && declared.size === 0) return isTree(found);
  return isDeepStrictEqual(declared, found);
}

/** Returns the keys that are no longer declared but still have their former value. */
function undeclared(declared: Tree, found: Tree, former: readonly Tree[]): Leaf[] {
  const leaves = former.flatMap((tree) => leavesOf(tree));
  const left = leaves.filter(
    ({ path, value }) =>
      valueAt(declared, path) === undefined && isDeepStrictEqual(valueAt(found, path), value),
  );
  return [...new Map(left.map((leaf) => [JSON.stringify(leaf.path), leaf])).values()];
}

/**
 * Returns the part of a path up to the first value that is not a map. Returns the entire path if there is no such
 * value.
 */
function upToObstacle(tree: Tree, path: Path): Path {
  const at = path.findIndex((_, i) => {
    const value = valueAt(tree, path.slice(0, i + 1));
    return value !== undefined && !isTree(value);
  });
  return at === -1 ? path : path.slice(0, at + 1);
}

/** Returns the path to remove. This is the path of a parent map if the map would otherwise be empty. */
function withEmptyParents(declared: Tree, tree: Tree, path: Path): Path {
  const parent = path.slice(0, -1);
  const around = valueAt(tree, parent);
  const isEmptied = parent.length > 0 && isTree(around) && around.size === 1;
  return isEmptied && valueAt(declared, parent) === undefined
    ? withEmptyParents(declared, tree, parent)
    : path;
}
