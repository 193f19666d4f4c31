import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { compareKeys, mergeKeys, parseKeys } from "../../src/settings/merge.ts";
import { formatOf } from "../../src/settings/registry.ts";
import {
  isTree,
  type Path,
  type Tree,
  type Value,
  valueAt,
  withoutValue,
  withValue,
} from "../../src/settings/values.ts";

const SEED = Number(process.env["MUSTER_SEED"] ?? Date.now() % 1_000_000);
const TURNS = 1000;

/** Returns a generator of random numbers below `most`, after "mulberry32". */
function randomFrom(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * most);
  };
}

const MAPS: readonly Path[] = [[], ["m1"], ["m2"], ["m1", "n1"], ["m 2", "a.b"]];
const VALUES: readonly Value[] = [
  ...["text", "a # b: c", 'quo"te\\', "", "ünï\nline"],
  ...[1n, -7n, 2.5, true, false],
  ...[["a", "b"], [], [1n, 2n], [new Map([["k", "v"]])]],
];

/** Writes the complete file again, like a program that keeps no comments. */
const PRINTERS: Readonly<Record<string, (tree: Tree) => string>> = {
  "f.json": (tree) => `${JSON.stringify(plain(tree), null, 2)}\n`,
  "f.yaml": (tree) => (tree.size === 0 ? "" : stringify(plain(tree))),
  "f.toml": (tree) => tomlTable(tree, []),
};

function plain(value: Value): unknown {
  if (isTree(value)) return Object.fromEntries([...value].map(([key, one]) => [`${key}`, plain(one)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "bigint" ? Number(value) : value;
}

function tomlTable(tree: Tree, path: Path): string {
  const tables = [...tree].filter(([, value]) => isTree(value));
  const lines = [...tree]
    .filter(([, value]) => !isTree(value))
    .map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}\n`);
  const header = path.length > 0 ? `[${path.map(tomlKey).join(".")}]\n` : "";
  return (
    header +
    lines.join("") +
    tables.map(([key, value]) => tomlTable(value as Tree, [...path, `${key}`])).join("")
  );
}

const tomlKey = (key: unknown) => (/^\w+$/.test(`${key}`) ? `${key}` : JSON.stringify(key));

function tomlValue(value: Value): string {
  if (isTree(value))
    return `{${[...value].map(([key, one]) => `${tomlKey(key)} = ${tomlValue(one)}`).join(", ")}}`;
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : `${value}`;
}

/** Returns the value in the form of the format, because JSON does not distinguish integers from other numbers. */
function inFormat(name: string, value: Value): Value {
  if (name !== "f.json") return value;
  if (Array.isArray(value)) return value.map((one) => inFormat(name, one));
  return typeof value === "bigint" ? Number(value) : value;
}

describe.each(Object.keys(PRINTERS))("in %s,", (name) => {
  test(`no key is lost in ${TURNS} random edits by Muster and the agent in turn (MUSTER_SEED=${SEED})`, () => {
    const random = randomFrom(SEED);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const format = formatOf(name);
    const print = PRINTERS[name];
    if (format === undefined || print === undefined) throw new Error("no format");
    const merge = (text: string, keys: Tree, former: Tree) => mergeKeys(format, text, keys, [former]).text;
    const keyOf = (letter: string): Path => [...pick(MAPS), `${letter}${random(6)}`];
    const parse = (text: string) => parseKeys(format, text);
    let [text, declared, applied, counts] = ["", new Map() as Tree, new Map() as Tree, { agent: 0, up: 0 }];
    let mine: Tree = new Map();

    function agentsTurn(): void {
      const isOwn = random(3) > 0;
      const path = keyOf(isOwn ? "x" : "d");
      const found = parse(text);
      const isGone = random(4) === 0 && valueAt(found, path) !== undefined;
      const value = inFormat(name, pick(VALUES));
      const next: Tree = isGone ? withoutValue(found, path) : withValue(found, path, value);
      if (isOwn) mine = isGone ? withoutValue(mine, path) : withValue(mine, path, value);
      if (random(2) === 0) text = print?.(next) ?? "";
      else if (isGone) text = format?.remove(text, path) ?? "";
      else text = format?.set(text, path, value) ?? "";
      if (name !== "f.json" && random(4) === 0) text = `# note ${counts.agent}\n${text}`;
      if (!isOwn && valueAt(declared, path) === undefined) {
        // A key that Muster does not declare belongs to the agent, even if it has an unusual name.
        applied = withoutValue(applied, path);
      }
      counts = { ...counts, agent: counts.agent + 1 };
      expect(leaves(parse(text))).toEqual(leaves(next));
    }

    function up(): void {
      const change = random(4);
      const path = keyOf("d");
      if (change < 2) declared = withValue(declared, path, inFormat(name, pick(VALUES)));
      if (change === 2) declared = withoutValue(declared, path);
      const before = parse(text);
      const result = merge(text, declared, applied);
      const after = parse(result);
      if (name === "f.json" && text !== "") JSON.parse(result);
      expect(compareKeys(declared, after, [applied])).toEqual([]);
      for (const [path, value] of leaves(before)) {
        const isFormer = JSON.stringify(leaves(applied).get(path)) === JSON.stringify(value);
        const isDeclared = leaves(declared).has(path);
        if (!isDeclared && !isFormer) expect([path, leaves(after).get(path)]).toEqual([path, value]);
        if (!isDeclared && isFormer) expect(leaves(after).has(path)).toBe(false);
      }
      expect(result.match(/^# note.*$/gm)).toEqual(text.match(/^# note.*$/gm));
      expect(merge(result, declared, applied)).toBe(result);
      [text, applied] = [result, declared];
      counts = { ...counts, up: counts.up + 1 };
    }

    for (let turn = 0; turn < TURNS; turn += 1) {
      if (random(2) === 0) agentsTurn();
      else up();
      const found = leaves(parse(text));
      for (const [path, value] of leaves(mine)) expect([path, found.get(path)]).toEqual([path, value]);
    }
    expect(Math.min(counts.agent, counts.up)).toBeGreaterThan(TURNS / 3);
    expect(leaves(mine).size).toBeGreaterThan(3);
  }, 120_000);
});

/** Returns all values that are not maps, by their paths. */
function leaves(tree: Tree, above: Path = []): Map<string, unknown> {
  return new Map(
    [...tree].flatMap(([key, value]): [string, unknown][] => {
      const path = [...above, `${key}`];
      if (isTree(value)) return [...leaves(value, path)];
      return [
        [
          path.join("/"),
          Array.isArray(value) ? value.map((one) => tomlValue(one)) : `${typeof value} ${value}`,
        ],
      ];
    }),
  );
}
