import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import {
  eolOf,
  type Format,
  insertLines,
  invalidText,
  lineStart,
  nextLine,
  notAMap,
  quoted,
  splice,
  Unmergeable,
} from "./format.ts";
import {
  hasTextKeys,
  isTree,
  nested,
  type Path,
  type Tree,
  type Value,
  valueAt,
  withValue,
} from "./values.ts";

/** YAML 1.2. Also reads YAML 1.1 that contains no ambiguous plain words. */
export const yaml: Format = { name: "YAML", most: 128 * 1024, parse, set, remove };

function parse(text: string): Tree {
  const { document, value } = open(text);
  if (document.contents === null || (isScalar(document.contents) && value === null)) return new Map();
  if (!isTree(value)) throw notAMap();
  return value;
}

function open(text: string) {
  // The library's own search for duplicate keys is off, because it compares each key with all other keys and takes too
  // long.
  const options = { intAsBigInt: true, prettyErrors: false, logLevel: "error", uniqueKeys: false } as const;
  const document = parseDocument(text, options);
  const [error] = document.errors;
  if (error !== undefined) throw invalidText("YAML", error.message, text, error.pos[0]);
  visit(document, { Map: (_, map) => checkKeys(text, map) });
  try {
    return { document, value: document.toJS({ mapAsMap: true, maxAliasCount: 100 }) as Value };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new Unmergeable(`is not valid YAML: ${error.message}`);
  }
}

/** Refuses duplicate keys, and keys that are maps or lists. */
function checkKeys(text: string, map: YAMLMap): void {
  const known = new Set<unknown>();
  for (const { key } of map.items) {
    const at = rangeOf(key)?.[0] ?? 0;
    if (!isScalar(key)) throw invalidText("YAML", "a key is not a plain value", text, at);
    if (known.has(key.value)) throw invalidText("YAML", "a key occurs twice", text, at);
    known.add(key.value);
  }
}

function set(text: string, path: Path, value: Value): string {
  const { document, value: tree } = open(text);
  let map = document.contents as unknown;
  if (!isMap(map))
    return insertLines(text, text.length, blockLines(path[0] ?? "", nested(path.slice(1), value), 0));
  for (const [at, key] of path.entries()) {
    const rest = path.slice(at + 1);
    const pair = pairOf(map as YAMLMap, key);
    if (pair === undefined) return insert(text, map as YAMLMap, key, nested(rest, value));
    if (rest.length > 0 && isMap(pair.value)) {
      map = pair.value;
      continue;
    }
    const old = valueAt(tree as Tree, path.slice(0, at + 1));
    // This replaces an alias with a copy of the map to which it refers.
    const next =
      isTree(old as Value) && rest.length > 0 ? withValue(old as Tree, rest, value) : nested(rest, value);
    return replace(text, map as YAMLMap, pair, next);
  }
  return text;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function insert(text: string, map: YAMLMap, key: string, value: Value): string {
  const last = map.items.at(-1);
  const end = last === undefined ? undefined : endOf(last);
  if (map.flow === true || last === undefined || end === undefined) {
    const entry = `${keyText(key)}: ${flow(value)}`;
    const [start, close] = map.range as [number, number, number];
    return end === undefined
      ? splice(text, start, close, `{${entry}}`)
      : splice(text, end, end, `, ${entry}`);
  }
  const column = columnOf(text, map);
  return insertLines(text, afterLine(text, end), blockLines(key, value, column));
}

function replace(text: string, map: YAMLMap, pair: Pair, value: Value): string {
  const node = pair.value;
  const isBlock = isCollection(node) && node.flow !== true && node.items.length > 0;
  const [start, end] = rangeOf(node) ?? [endOf(pair), endOf(pair)];
  if (isBlock && isSeq(node) && Array.isArray(value) && value.length > 0) {
    const pad = " ".repeat(start - lineStart(text, start));
    const items = value.map((one) => `- ${flow(one)}`).join(eolOf(text) + pad);
    return splice(text, start, endOf(pair), items);
  }
  if (isBlock) {
    const colon = colonOf(text, pair);
    return splice(text, colon, endOf(pair), ` ${flow(value)}`);
  }
  if (start === end) {
    const colon = colonOf(text, pair);
    return splice(text, colon, colon, ` ${flow(value)}`);
  }
  // A text in block style ends with a line end, so the new value also needs a line end.
  const tail = text.slice(start, end).endsWith("\n") && map.flow !== true ? eolOf(text) : "";
  return splice(text, start, end, `${flow(value)}${tail}`);
}

function remove(text: string, path: Path): string {
  let map = open(text).document.contents as unknown as YAMLMap;
  for (const key of path.slice(0, -1)) map = pairOf(map, key)?.value as YAMLMap;
  const pair = pairOf(map, path.at(-1) ?? "");
  if (pair === undefined) return text;
  const start = rangeOf(pair.key)?.[0] ?? 0;
  if (map.flow !== true) return splice(text, lineStart(text, start), afterLine(text, endOf(pair)), "");
  const at = map.items.indexOf(pair);
  const [before, after] = [map.items[at - 1], map.items[at + 1]];
  if (after !== undefined) return splice(text, start, rangeOf(after.key)?.[0] ?? start, "");
  return splice(text, before === undefined ? start : endOf(before), endOf(pair), "");
}

function rangeOf(node: unknown): readonly [start: number, end: number] | undefined {
  if (!isScalar(node) && !isCollection(node) && !isAlias(node)) return undefined;
  return node.range ? [node.range[0], node.range[1]] : undefined;
}

/** Returns the offset after the last character of a pair, without the comments that follow. */
function endOf({ key, value }: Pair): number {
  if (isCollection(value) && value.flow !== true) {
    const last = value.items.at(-1);
    if (last !== undefined) return isMap(value) ? endOf(last as Pair) : endOf({ key, value: last } as Pair);
  }
  return rangeOf(value)?.[1] ?? rangeOf(key)?.[1] ?? 0;
}

function columnOf(text: string, map: YAMLMap): number {
  const start = rangeOf(map.items[0]?.key)?.[0] ?? 0;
  return start - lineStart(text, start);
}

/** Returns the offset after the colon of a pair. */
function colonOf(text: string, { key }: Pair): number {
  return text.indexOf(":", rangeOf(key)?.[1] ?? 0) + 1;
}

/** Returns the offset of the start of the line after a value. A text in block style already ends with a line end. */
function afterLine(text: string, end: number): number {
  return text[end - 1] === "\n" ? end : nextLine(text, end);
}

function blockLines(key: string, value: Value, column: number): string[] {
  const pad = " ".repeat(column);
  const start = `${pad}${keyText(key)}:`;
  if (isTree(value) && value.size > 0 && hasTextKeys(value))
    return [start, ...[...value].flatMap(([one, inner]) => blockLines(`${one}`, inner, column + 2))];
  if (Array.isArray(value) && value.length > 0)
    return [start, ...value.map((one: Value) => `${pad}  - ${flow(one)}`)];
  return [`${start} ${flow(value)}`];
}

function keyText(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !WORDS.test(key) ? key : quoted(key);
}

/** Matches the plain words that are not texts in YAML 1.1 or 1.2. */
const WORDS = /^(y|n|yes|no|on|off|true|false|null)$/i;

function flow(value: Value): string {
  if (isTree(value))
    return `{${[...value].map(([key, one]) => `${typeof key === "string" ? keyText(key) : flow(key as Value)}: ${flow(one)}`).join(", ")}}`;
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "string") return quoted(value);
  return typeof value === "number" ? numberText(value) : `${value as bigint | boolean | null}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : `${value}`;
}
