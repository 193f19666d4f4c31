import { type Document, isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import type { ContactRecord } from "./contact-record.ts";
import { indexContacts } from "./match-contact.ts";

/** The names of the contacts that an import adds, and the columns that it changes or keeps. */
export interface ImportedContacts {
  readonly added: readonly string[];
  /** The columns that were filled or replaced, such as `iris.email`. */
  readonly changed: readonly string[];
  /** The columns that differ from the imported values but were not changed, such as `iris.email`. */
  readonly kept: readonly string[];
}

/**
 * Adds contacts to a YAML document, and keeps the comments of the document. If a contact exists already, its missing
 * columns are added.
 *
 * @param path the keys of the map with the contacts; empty if the document is that map
 * @param declared the contacts of the document
 * @param overwrite whether columns that differ are replaced; if false, these columns are kept
 */
export function importContacts(
  document: Document,
  path: readonly string[],
  declared: readonly ContactRecord[],
  records: readonly ContactRecord[],
  overwrite: boolean,
): ImportedContacts {
  const added: string[] = [];
  const changed: string[] = [];
  const kept: string[] = [];
  const known = new Map(declared.map(({ name = "", columns }) => [name, { ...columns }]));
  const index = indexContacts(declared);
  const map = mapAt(document, path);
  const pairs = new Map(map.items.map((pair) => [nameIn(pair), pair]));
  for (const record of records) {
    const name = index.find(record)?.name;
    if (name === undefined) {
      const made = freeName(record, known);
      known.set(made, { ...record.columns });
      // The imported file can contain the same contact twice.
      index.add({ name: made, columns: record.columns });
      const pair = document.createPair(made, valuesOf(record.columns));
      pairs.set(made, pair);
      map.items.push(pair);
      added.push(made);
      continue;
    }
    const columns = known.get(name) ?? {};
    for (const [column, value] of Object.entries(record.columns)) {
      if (columns[column] === value) continue;
      if (columns[column] !== undefined && !overwrite) {
        kept.push(`${name}.${column}`);
        continue;
      }
      columns[column] = value;
      const pair = pairs.get(name);
      if (pair !== undefined && !isMap(pair.value)) pair.value = document.createNode({});
      (pair?.value as YAMLMap | undefined)?.set(
        column,
        document.createNode(valuesOf({ [column]: value })[column]),
      );
      changed.push(`${name}.${column}`);
    }
  }
  return { added, changed, kept };
}

/** Returns the map at a path. Replaces an empty value in the path with a map. */
function mapAt(document: Document, path: readonly string[]): YAMLMap {
  for (let depth = 0; depth <= path.length; depth += 1) {
    const keys = path.slice(0, depth);
    if (isMap(depth === 0 ? document.contents : document.getIn(keys, true))) continue;
    if (depth === 0) document.contents = document.createNode({}) as Document["contents"];
    else document.setIn(keys, document.createNode({}));
  }
  return (path.length === 0 ? document.contents : document.getIn(path, true)) as YAMLMap;
}

function nameIn({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function valuesOf(columns: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(columns).map(([column, value]) => [
      column,
      column === "links" ? JSON.parse(value) : value,
    ]),
  );
}

/**
 * Returns the record's name, or a name that is derived from its displayed name. Adds a number if the name is already
 * used.
 */
function freeName({ name, columns }: ContactRecord, names: ReadonlyMap<string, unknown>): string {
  const text = name ?? columns["display_name"] ?? columns["email"]?.split("@")[0] ?? "contact";
  const plain = text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-");
  const base =
    plain
      .replace(/^[^a-z0-9]+/, "")
      .replace(/-+$/, "")
      .slice(0, 60) || "contact";
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? base : `${base}-${number}`;
    if (!names.has(candidate)) return candidate;
  }
}
