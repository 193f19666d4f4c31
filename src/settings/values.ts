/** A value in a settings file. Integers of YAML and TOML are bigints, so that `1` and `1.0` are different values. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | TomlDate
  | readonly Value[]
  | ReadonlyMap<unknown, Value>;

/**
 * The keys of a settings file and their values. This is a Map, so that `__proto__` is an ordinary key. A key in YAML is
 * not always a text.
 */
export type Tree = ReadonlyMap<unknown, Value>;

/** The keys that lead to a value. */
export type Path = readonly string[];

/** A date or time of TOML, as it is written. */
export class TomlDate {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export function isTree(value: unknown): value is Tree {
  return value instanceof Map;
}

/** Whether all keys of a tree are texts. Only text keys can be declared separately. */
export function hasTextKeys(tree: Tree): boolean {
  return [...tree.keys()].every((key) => typeof key === "string");
}

/** Returns the value at a path, or undefined if there is no such key. */
export function valueAt(tree: Tree, path: Path): Value | undefined {
  let value: Value = tree;
  for (const key of path) {
    if (!isTree(value) || !value.has(key)) return undefined;
    value = value.get(key) as Value;
  }
  return value;
}

/** Returns a copy of a tree with a value at a path. Replaces a value in the path that is not a map. */
export function withValue(tree: Tree, [key, ...rest]: Path, value: Value): Tree {
  if (key === undefined) return tree;
  const inner = tree.get(key);
  const next = rest.length === 0 ? value : withValue(isTree(inner) ? inner : new Map(), rest, value);
  return new Map([...tree, [key, next]]);
}

/** Returns a copy of a tree without the value at a path. */
export function withoutValue(tree: Tree, [key, ...rest]: Path): Tree {
  const inner = tree.get(key);
  if (rest.length === 0) return new Map([...tree].filter(([other]) => other !== key));
  return isTree(inner) ? new Map([...tree, [key, withoutValue(inner, rest)]]) : tree;
}

/** Returns a value below the given keys: `1` below `a`, `b` is `{a: {b: 1}}`. */
export function nested(path: Path, value: Value): Value {
  return path.reduceRight<Value>((inner, key) => new Map([[key, inner]]), value);
}
