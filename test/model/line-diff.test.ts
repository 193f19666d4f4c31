import fc from "fast-check";
import { expect, test } from "vitest";
import { lineDetail } from "../../src/model/line-diff.ts";

const lines = (declared: readonly string[], observed: readonly string[]) =>
  lineDetail(declared.join("\n"), observed.join("\n"))[0]?.lines ?? [];

test("two distant edits are shown as two edits, without the lines between them", () => {
  const declared = Array.from({ length: 300 }, (_, i) => `line ${i}`);
  const observed = declared.with(2, "edited").toSpliced(290, 1);
  expect(lines(declared, observed)).toEqual(["-line 2", "+edited", "-line 290"]);
});

test("an inserted line is shown, and no line is shown as removed", () => {
  expect(lineDetail("a\nb\n", "a\nnew\nb\n")).toEqual([
    { property: "content", declared: "line 2: nothing", observed: "line 2: new", lines: ["+new"] },
  ]);
});

test("the diff of a completely different text is reduced to its first lines", () => {
  const big = Array.from({ length: 200_000 }, (_, i) => `${i}`.repeat(40));
  const changed = lines(["I am Iris."], big);
  expect(changed).toHaveLength(21);
  expect(changed.at(-1)).toBe("… and 199981 more changed lines");
  expect(Math.max(...changed.map((line) => line.length))).toBeLessThan(200);
});

test("two long texts with nothing in common are compared in limited time, and count as replaced", () => {
  const [declared, observed] = ["a", "b"].map((side) =>
    Array.from({ length: 20_000 }, (_, i) => `${side}${i}`),
  );
  const changed = lines(["same", ...(declared ?? []), "end"], ["same", ...(observed ?? []), "end"]);
  expect(changed.slice(0, 2)).toEqual(["-a0", "-a1"]);
  expect(changed.at(-1)).toBe("… and 39980 more changed lines");
});

test("escape sequences in a line are removed before the terminal shows the line", () => {
  expect(lines(["a"], ["\u001b[2J\u202e"]).join("")).toBe("-a+\\u001b[2J\\u202e");
});

test("the changed lines turn the declared text into the observed text", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 9 });
  fc.assert(
    fc.property(text, text, (declared, observed) => {
      const changed = lines(declared, observed);
      const count = (mark: string) => changed.filter((line) => line.startsWith(mark)).length;
      const [a, b] = [declared.join("\n").split("\n"), observed.join("\n").split("\n")];
      expect(a.length - count("-")).toBe(b.length - count("+"));
    }),
    { numRuns: 200 },
  );
});
