import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { type Format, insertLines, invalidText, lineStart, nextLine, quoted, splice } from "./format.ts";
import { isTree, type Path, TomlDate, type Tree, type Value } from "./values.ts";

export const toml: Format = { name: "TOML", most: 256 * 1024, parse, set, remove };

function bodyOf(text: string): readonly (AST.TOMLKeyValue | AST.TOMLTable)[] {
  try {
    return parseTOML(text, { tomlVersion: "1.0" }).body[0].body;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw invalidText("TOML", error.message, text, error.index);
  }
}

function parse(text: string): Tree {
  const root = new Map<unknown, Value>();
  for (const one of bodyOf(text)) {
    if (one.type === "TOMLKeyValue") add(root, one);
    else addTable(root, one);
  }
  return root;
}

type Open = Map<unknown, Value>;

/** Adds the keys of a table. A number in the key of a table is the index of a table in a list of tables. */
function addTable(root: Open, table: AST.TOMLTable): void {
  let place: Open | Value[] = root;
  for (const [at, key] of table.resolvedKey.entries()) {
    const isList = typeof table.resolvedKey[at + 1] === "number";
    place = entered(place, key, isList);
  }
  for (const one of table.body) add(place as Open, one);
}

function entered(place: Open | Value[], key: string | number, isList: boolean): Open | Value[] {
  const fresh = isList ? [] : new Map<unknown, Value>();
  if (Array.isArray(place)) {
    place[key as number] ??= fresh;
    return place[key as number] as Open | Value[];
  }
  if (!place.has(key)) place.set(key, fresh);
  return place.get(key) as Open | Value[];
}

function add(place: Open, { key, value }: AST.TOMLKeyValue): void {
  const names = namesOf(key);
  let inner = place;
  for (const name of names.slice(0, -1)) inner = entered(inner, name, false) as Open;
  inner.set(names.at(-1), toValue(value));
}

function namesOf({ keys }: AST.TOMLKey): string[] {
  return keys.map((one) => (one.type === "TOMLBare" ? one.name : one.value));
}

function toValue(node: AST.TOMLContentNode): Value {
  if (node.type === "TOMLArray") return node.elements.map(toValue);
  if (node.type === "TOMLInlineTable") {
    const tree: Open = new Map();
    for (const one of node.body) add(tree, one);
    return tree;
  }
  if (node.kind === "integer") return node.bigint;
  return node.kind === "string" || node.kind === "float" || node.kind === "boolean"
    ? node.value
    : new TomlDate(node.datetime);
}

/** A key and its value. `names` begins with the names of the key's table. */
interface Entry {
  readonly names: Path;
  readonly node: AST.TOMLKeyValue;
}

/** Returns the entries that are not in a list of tables. */
function entriesOf(body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[]): Entry[] {
  return body.flatMap((one) => {
    if (one.type === "TOMLKeyValue") return [{ names: namesOf(one.key), node: one }];
    if (one.resolvedKey.some((key) => typeof key === "number")) return [];
    return one.body.map((node) => ({
      names: [...(one.resolvedKey as string[]), ...namesOf(node.key)],
      node,
    }));
  });
}

function set(text: string, path: Path, value: Value): string {
  const body = bodyOf(text);
  const entries = entriesOf(body);
  const same = entries.find(({ names }) => isSame(names, path));
  if (same !== undefined) return splice(text, ...same.node.value.range, inline(value));
  const around = entries.find(
    ({ names, node }) => isPrefix(names, path) && node.value.type === "TOMLInlineTable",
  );
  if (around !== undefined) {
    const table = around.node.value as AST.TOMLInlineTable;
    return setInline(text, table, path.slice(around.names.length), value);
  }
  const isThere = body.some((one) => isPrefix(path, fullNames(one)));
  return insert(isThere ? remove(text, path) : text, path, value);
}

function setInline(text: string, table: AST.TOMLInlineTable, path: Path, value: Value): string {
  for (const { key, value: inner } of table.body) {
    const names = namesOf(key);
    if (isSame(names, path)) return splice(text, ...inner.range, inline(value));
    if (isPrefix(names, path) && inner.type === "TOMLInlineTable")
      return setInline(text, inner, path.slice(names.length), value);
  }
  const isThere = table.body.some(({ key }) => isPrefix(path, namesOf(key)));
  if (isThere) throw invalidText("TOML", "an inline table cannot be changed in place", text, table.range[0]);
  const entry = `${path.map(keyText).join(".")} = ${inline(value)}`;
  const last = table.body.at(-1);
  return last === undefined
    ? splice(text, ...table.range, `{ ${entry} }`)
    : splice(text, last.range[1], last.range[1], `, ${entry}`);
}

function insert(text: string, path: Path, value: Value): string {
  const body = bodyOf(text);
  const parent = path.slice(0, -1);
  const name = path.at(-1) ?? "";
  const line = (names: Path) => `${names.map(keyText).join(".")} = ${inline(value)}`;
  const table = body.find(
    (one) => one.type === "TOMLTable" && one.kind === "standard" && isSame(fullNames(one), parent),
  );
  if (table !== undefined) return insertLines(text, nextLine(text, table.range[1]), [line([name])]);
  if (parent.length === 0) return insertLines(text, endOfRoot(text, body), [line([name])]);
  // A table that dotted keys have created cannot get a header, so the new key must also be a dotted key.
  const dotted = dottedNeighbor(body, parent);
  if (dotted !== undefined) {
    const own = path.slice(dotted.names.length - namesOf(dotted.node.key).length);
    return insertLines(text, nextLine(text, dotted.node.range[1]), [line(own)]);
  }
  const isBlank = text.trim() === "" || /\n\r?\n$/.test(text);
  const lines = [`[${parent.map(keyText).join(".")}]`, line([name])];
  return insertLines(text, text.length, isBlank ? lines : ["", ...lines]);
}

/** Returns the last entry that creates the table with these names by its dotted key. */
function dottedNeighbor(
  body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[],
  parent: Path,
): Entry | undefined {
  for (let length = parent.length; length > 0; length -= 1) {
    const names = parent.slice(0, length);
    const found = entriesOf(body).findLast((one) => {
      const outside = one.names.length - namesOf(one.node.key).length;
      return outside < length && isPrefix(names, one.names) && !isSame(names, one.names);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the offset of the line at which a key outside all tables can be added. */
function endOfRoot(text: string, body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[]): number {
  const last = body.findLast(({ type }) => type === "TOMLKeyValue");
  if (last !== undefined) return nextLine(text, last.range[1]);
  const [first] = body;
  if (first === undefined) return text.length;
  // The comments directly above a table belong to the table.
  let at = lineStart(text, first.range[0]);
  while (at > 0 && /^[ \t]*#/.test(text.slice(lineStart(text, at - 1), at))) at = lineStart(text, at - 1);
  return at;
}

function remove(text: string, path: Path): string {
  const body = bodyOf(text);
  const around = entriesOf(body).find(
    ({ names, node }) =>
      names.length < path.length && isPrefix(names, path) && node.value.type === "TOMLInlineTable",
  );
  if (around !== undefined)
    return removeInline(text, around.node.value as AST.TOMLInlineTable, path.slice(around.names.length));
  const tables = body.filter((one) => one.type === "TOMLTable" && isPrefix(path, fullNames(one)));
  const entries = entriesOf(body)
    .filter(({ names }) => isPrefix(path, names))
    .map(({ node }) => node)
    .filter((node) => !tables.some((table) => table === node.parent));
  return [...tables, ...entries]
    .map(({ range }) => range)
    .sort(([a], [b]) => b - a)
    .reduce((rest, [from, to]) => splice(rest, lineStart(rest, from), nextLine(rest, to), ""), text);
}

function removeInline(text: string, table: AST.TOMLInlineTable, path: Path): string {
  const at = table.body.findIndex(({ key }) => isPrefix(namesOf(key), path) || isPrefix(path, namesOf(key)));
  const [before, found, after] = [table.body[at - 1], table.body[at], table.body[at + 1]];
  if (found === undefined) return text;
  const names = namesOf(found.key);
  if (names.length < path.length)
    return removeInline(text, found.value as AST.TOMLInlineTable, path.slice(names.length));
  if (after !== undefined) return splice(text, found.range[0], after.range[0], "");
  return splice(text, before?.range[1] ?? found.range[0], found.range[1], "");
}

/** Returns the names in the key of an entry or a table, without the indexes of lists of tables. */
function fullNames(one: AST.TOMLKeyValue | AST.TOMLTable): string[] {
  if (one.type === "TOMLKeyValue") return namesOf(one.key);
  return one.resolvedKey.filter((key) => typeof key === "string");
}

function isPrefix(start: Path, path: Path): boolean {
  return start.length <= path.length && start.every((name, at) => path[at] === name);
}

function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && isPrefix(one, other);
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key);
}

function inline(value: Value): string {
  if (isTree(value)) {
    const entries = [...value].map(([key, one]) => `${keyText(`${key}`)} = ${inline(one)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (value instanceof TomlDate) return value.text;
  if (typeof value === "string") return quoted(value);
  return typeof value === "number" ? numberText(value) : `${value as bigint | boolean}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : `${value}`;
}
