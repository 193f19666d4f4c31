import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFleet } from "../../src/config/check-fleet.ts";
import { broken, check, FLEET, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();
const problemsOf = (text: string | Uint8Array) => lines(check(folder, text).problems);
const agentOf = (text: string) => check(folder, text).fleet?.agents["iris"];

test("anchors, merge keys and x- keys work as in other tools, and a map's own keys override merged keys", () => {
  const text = broken(
    "agents:\n  iris: {host: hub,",
    "x-base: &base {watchdog: 30s, host: east}\nagents:\n  iris: {<<: *base, host: hub,",
  );
  expect(agentOf(text)).toMatchObject({ host: "hub", watchdog: 30 });
});

test("the first of several merged maps takes precedence", () => {
  const anchors =
    "x-a: &a {watchdog: 10}\nx-b: &b {watchdog: 20, workdir: b}\nagents:\n  iris: {<<: [*a, *b], host: hub,";
  expect(agentOf(broken("agents:\n  iris: {host: hub,", anchors))).toMatchObject({
    watchdog: 10,
    workdir: "/home/iris/b",
  });
});

test("a problem in a merged map is reported with the position of that map and the path at which the map is merged", () => {
  const text = broken("agents:\n  iris: {", "x-base: &base {watchdog: soon}\nagents:\n  iris: {<<: *base, ");
  expect(problemsOf(text)).toEqual([
    'fleet.yaml:17:26 agents.iris.watchdog: must be a number of seconds, at least 1, such as 30 or "30s"',
  ]);
});

test("keys that start with x- are allowed in every map, and are ignored", () => {
  const fleet = check(folder, broken("{kind: local}", "{kind: local, x-note: 1}\n  x-shape: {a: b}")).fleet;
  expect(Object.keys(fleet?.hosts ?? {})).toEqual(["hub", "east"]);
});

test("yes, no, on and off are text, as in YAML 1.2", () => {
  const text = broken("routesTo: [loom]", "routesTo: [loom], env: {A: yes, B: no, C: on, D: off}");
  expect(agentOf(text)?.env).toMatchObject({ A: "yes", B: "no", C: "on", D: "off" });
});

test("a byte order mark and Windows line ends are accepted", () => {
  expect(problemsOf(`\ufeff${FLEET.replaceAll("\n", "\r\n")}`)).toEqual([]);
});

test("a section with only comments is empty", () => {
  expect(problemsOf("apiVersion: muster/v1\nkind: Fleet\nname: a\nhosts:\ntenants:\nagents:\n")).toEqual([]);
});

test.each([
  ["an empty file", "", "1:1: is empty: a fleet starts with `apiVersion: muster/v1` and `kind: Fleet`"],
  [
    "only a comment",
    "# later\n",
    "1:1: is empty: a fleet starts with `apiVersion: muster/v1` and `kind: Fleet`",
  ],
  ["a list", "- a\n", "1:1: must be a map (name: value)"],
  ["Latin-1", Uint8Array.from([97, 58, 10, 32, 228]), "2:2: is not UTF-8 text: save it as UTF-8"],
  ["UTF-16", Buffer.from("\ufeffkind: Fleet", "utf16le"), "1:1: is not UTF-8 text: save it as UTF-8"],
  ["a NUL", "kind: \0", "1:7: contains a NUL character"],
  [
    "10 MB",
    "#".repeat(10_000_000),
    "1:1: is larger than 1024 KiB: move its contacts to a separate file (docs/contacts.md)",
  ],
])("an invalid file is reported in one line: %s", (_, text, problem) => {
  expect(problemsOf(text)).toEqual([`fleet.yaml:${problem}`]);
});

test("a missing file, or a folder instead of a file, is reported by name", () => {
  expect(lines(checkFleet(join(folder.path, "none.yaml")).problems)).toEqual([
    "none.yaml:1:1: does not exist",
  ]);
  write(folder.path, { "sub/a": "" });
  expect(lines(checkFleet(join(folder.path, "sub")).problems)).toEqual(["sub:1:1: is not a regular file"]);
});

test("a problem in the contacts file is reported with its position in that file", () => {
  write(folder.path, { "contacts.yaml": "iris: {type: agent}\nloom: {tpye: agent}\n" });
  const text = broken("  iris: {type: agent}\n  loom: {type: agent}", "  from: contacts.yaml");
  expect(problemsOf(text)).toEqual([
    'contacts.yaml:2:8 contacts.loom.tpye: is not a known key; did you mean "type"?',
  ]);
});

/** The time limit in milliseconds. On an idle machine two seconds would be enough. */
const SOON = 6000;

const level = (n: number) => `${n}: &l${n} [${`*l${n - 1}, `.repeat(9)}*l${n - 1}]`;
const bomb = `x-bomb:\n  0: &l0 [a]\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `  ${level(n)}`).join("\n")}\n`;

test.each([
  ["an alias bomb", FLEET + bomb, "the aliases of this file expand to too many values"],
  ["lists nested 5000 deep", `${FLEET}x-deep: ${"[".repeat(5000)}${"]".repeat(5000)}`, "nested"],
  ["maps nested 5000 deep", `${FLEET}x-deep: ${"{a: ".repeat(5000)}${"}".repeat(5000)}`, "nested"],
  ["dashes nested 5000 deep", `${FLEET}x-deep:\n ${"- ".repeat(5000)}a`, "nested"],
  ["500,000 brackets", "]".repeat(500_000), "is not YAML"],
  ["20,000 unknown keys", FLEET + Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join(""), "k0"],
  ["the same key 30,000 times", FLEET + "x-a: 1\n".repeat(30_000), "is a duplicate key"],
])("a hostile file is refused within the time limit: %s", (_, text, sentence) => {
  const start = performance.now();
  expect(problemsOf(text).join("\n")).toContain(sentence);
  expect(performance.now() - start).toBeLessThan(SOON);
});
