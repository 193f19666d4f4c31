import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { eolOf, type Format, invalidText, lineStart, notAMap, splice } from "./format.ts";
import { isTree, nested, type Path, type Tree, type Value } from "./values.ts";

/** JSON, including comments and trailing commas. */
export const json: Format = { name: "JSON", most: 2 * 1024 * 1024, parse, set, remove };

function parse(text: string): Tree {
  return text.trim() === "" ? new Map() : treeOf(rootOf(text), text);
}

function rootOf(text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) throw invalidText("JSON", printParseErrorCode(error.error), text, error.offset);
  if (root?.type !== "object") throw notAMap();
  return root;
}

/** A key of an object and its value. */
interface Entry {
  readonly key: Node;
  readonly value: Node;
}

function entriesOf({ children = [] }: Node): Entry[] {
  return children.flatMap(({ children: [key, value] = [] }) => (key && value ? [{ key, value }] : []));
}

function treeOf(node: Node, text: string): Tree {
  const tree = new Map<unknown, Value>();
  for (const { key, value } of entriesOf(node)) {
    if (tree.has(key.value)) throw invalidText("JSON", "a key occurs twice", text, key.offset);
    tree.set(key.value, toValue(value, text));
  }
  return tree;
}

function toValue(node: Node, text: string): Value {
  if (node.type === "object") return treeOf(node, text);
  if (node.type === "array") return (node.children ?? []).map((one) => toValue(one, text));
  return node.value as Value;
}

function set(text: string, path: Path, value: Value): string {
  if (text.trim() === "") return set(`{}${eolOf(text)}`, path, value);
  let object = rootOf(text);
  for (const [at, key] of path.entries()) {
    const rest = path.slice(at + 1);
    const entry = entriesOf(object).find((one) => one.key.value === key);
    if (entry === undefined) return insert(text, object, key, nested(rest, value));
    if (rest.length === 0 || entry.value.type !== "object") {
      const { offset, length } = entry.value;
      const indent = hasLines(text, object) ? indentAt(text, entry.key.offset) : undefined;
      return splice(text, offset, offset + length, rendered(text, nested(rest, value), indent));
    }
    object = entry.value;
  }
  return text;
}

function insert(text: string, object: Node, key: string, value: Value): string {
  const last = entriesOf(object).at(-1);
  const eol = eolOf(text);
  if (last === undefined) {
    const outer = indentAt(text, object.offset);
    const indent = outer + unitOf(text);
    const entry = `${eol}${indent}${JSON.stringify(key)}: ${rendered(text, value, indent)}${eol}${outer}`;
    return splice(text, object.offset + 1, object.offset + 1, entry);
  }
  const end = endOf(last.value);
  if (!hasLines(text, object))
    return splice(text, end, end, `, ${JSON.stringify(key)}: ${rendered(text, value, undefined)}`);
  const indent = indentAt(text, last.key.offset);
  const comma = commaAfter(text, end);
  const entry = `${eol}${indent}${JSON.stringify(key)}: ${rendered(text, value, indent)}`;
  const at = afterComment(text, comma ?? end, endOf(object) - 1);
  if (comma !== undefined) return splice(text, at, at, `${entry},`);
  return splice(splice(text, at, at, entry), end, end, ",");
}

function remove(text: string, path: Path): string {
  let object = rootOf(text);
  for (const key of path.slice(0, -1))
    object = entriesOf(object).find((one) => one.key.value === key)?.value ?? object;
  const entries = entriesOf(object);
  const at = entries.findIndex(({ key }) => key.value === path.at(-1));
  const [before, found] = [entries[at - 1], entries[at]];
  if (found === undefined) return text;
  const end = endOf(found.value);
  const comma = commaAfter(text, end);
  // The last entry has no comma. If it is removed, the comma of the previous entry must also be removed.
  const former = comma === undefined && before ? commaAfter(text, endOf(before.value)) : undefined;
  const start = found.key.offset;
  if (former !== undefined && text.slice(lineStart(text, start), start).trim() !== "")
    return splice(text, former - 1, end, "");
  const rest = withoutEntry(text, start, comma ?? end, endOf(object) - 1);
  return former === undefined ? rest : splice(rest, former - 1, former, "");
}

/**
 * Removes the text between two offsets. If the text fills complete lines, removes these lines and the comment that
 * follows.
 */
function withoutEntry(text: string, from: number, to: number, close: number): string {
  const start = lineStart(text, from);
  const end = afterComment(text, to, close);
  if (text.slice(start, from).trim() === "" && /^\r?\n/.test(text.slice(end))) {
    return splice(text, start, text.indexOf("\n", end) + 1, "");
  }
  return splice(text, from, text[to] === " " ? to + 1 : to, "");
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

/** Returns the offset after the comma that follows a value; undefined if no comma follows. */
function commaAfter(text: string, end: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(end);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return text[at] === "," ? at + 1 : undefined;
}

/** Returns the end of the comment that follows on the same line, if nothing else follows on this line. */
function afterComment(text: string, at: number, close: number): number {
  const [comment = ""] =
    /^[ \t]*(\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*)?(?=\r?\n)/.exec(text.slice(at, close)) ?? [];
  return at + comment.length;
}

/** Whether each entry of an object is on a separate line. */
function hasLines(text: string, object: Node): boolean {
  const [first] = entriesOf(object);
  return first !== undefined && text.slice(object.offset, first.key.offset).includes("\n");
}

function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? "";
}

/** Returns the indentation that a text uses for one level. */
function unitOf(text: string): string {
  return /^([ \t]+)["}\]]/m.exec(text)?.[1] ?? "  ";
}

/** Writes a value. @param indent the indentation of the value's line; undefined to write the value on one line */
function rendered(text: string, value: Value, indent: string | undefined): string {
  if (indent === undefined) return JSON.stringify(plain(value));
  return JSON.stringify(plain(value), null, unitOf(text)).replaceAll("\n", `${eolOf(text)}${indent}`);
}

function plain(value: Value): unknown {
  if (isTree(value)) return Object.fromEntries([...value].map(([key, one]) => [`${key}`, plain(one)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
