import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import schema from "../../schema/fleet.schema.json" with { type: "json" };
import { check, FLEET, useFolder } from "./support/folder.ts";

const folder = useFolder();
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
/** The time limit in milliseconds. On an idle machine two seconds would be enough. */
const SOON = 6000;
const runs = { seed, numRuns: 300, verbose: true };

/** Asserts that a text results in a fleet or in problems with positions, within the time limit. */
function answersInTime(text: string): void {
  const start = performance.now();
  const { fleet, problems } = check(folder, text);
  expect(performance.now() - start).toBeLessThan(SOON);
  expect(fleet === undefined).toBe(problems.length > 0);
  for (const { line, column, sentence } of problems) {
    expect(Math.min(line, column)).toBeGreaterThan(0);
    expect(sentence).toMatch(/^[^\p{Cc}]+$/u);
  }
}

const SCRAPS = [
  ..."{}[]:,-?&*!|>'\"%@`#~ \t\n",
  "<<",
  "---",
  "x-a",
  "&a ",
  "*a",
  "!!str ",
  "__proto__",
  "\u202e",
  "\0",
];
const fragment = fc.oneof(fc.constantFrom(...SCRAPS), fc.string({ unit: "binary", maxLength: 3 }));

test(`any text is parsed as a fleet or reported as invalid (SEED=${seed})`, () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), answersInTime), runs);
});

test(`fleet.yaml with random YAML fragments is parsed as a fleet or reported as invalid (SEED=${seed})`, () => {
  const places = fc.array(fc.tuple(fc.nat(FLEET.length), fragment), { minLength: 1, maxLength: 5 });
  const inserted = (text: string, [at, what]: [number, string]) => text.slice(0, at) + what + text.slice(at);
  fc.assert(
    fc.property(places, (all) => answersInTime(all.reduce(inserted, FLEET))),
    runs,
  );
});

test(`any value in any section of fleet.yaml is parsed or reported as invalid (SEED=${seed})`, () => {
  const sections = Object.keys(schema.properties);
  const name = fc.constantFrom(
    "hub",
    "iris",
    "x-a",
    "__proto__",
    "constructor",
    "from",
    "host",
    "files",
    "env",
  );
  const value = fc.jsonValue({ maxDepth: 4 });
  const nested = fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value)));
  const root = { apiVersion: "muster/v1", kind: "Fleet", name: "a", hosts: {}, tenants: {}, agents: {} };
  fc.assert(
    fc.property(fc.constantFrom(...sections), fc.oneof(nested, value), (section, what) =>
      answersInTime(stringify({ ...root, [section]: what })),
    ),
    runs,
  );
});
