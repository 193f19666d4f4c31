import fc from "fast-check";
import { expect, test } from "vitest";
import { lineDetail } from "../../src/model/line-diff.ts";

const lines = (declared: readonly string[], observed: readonly string[]) =>
  lineDetail(declared.join("\n"), observed.join("\n"))[0]?.lines ?? [];

test("two distant edits are two edits, without the lines between them", () => {
  const declared = Array.from({ length: 300 }, (_, i) => `line ${i}`);
  const observed = declared.with(2, "edited").toSpliced(290, 1);
  expect(lines(declared, observed)).toEqual(["-line 2", "+edited", "-line 290"]);
});

test("an inserted line has no line before it", () => {
  expect(lineDetail("a\nb\n", "a\nnew\nb\n")).toEqual([
    { property: "content", declared: "line 2: nothing", observed: "line 2: new", lines: ["+new"] },
  ]);
});

test("a completely different text is cut to its first lines, whatever its size", () => {
  const big = Array.from({ length: 200_000 }, (_, i) => `${i}`.repeat(40));
  const told = lines(["I am Iris."], big);
  expect(told).toHaveLength(21);
  expect(told.at(-1)).toBe("… and 199981 more changed lines");
  expect(Math.max(...told.map((line) => line.length))).toBeLessThan(200);
});

test("two long texts with nothing in common are compared in bounded time, and count as replaced", () => {
  const [declared, observed] = ["a", "b"].map((side) =>
    Array.from({ length: 20_000 }, (_, i) => `${side}${i}`),
  );
  const told = lines(["same", ...(declared ?? []), "end"], ["same", ...(observed ?? []), "end"]);
  expect(told.slice(0, 2)).toEqual(["-a0", "-a1"]);
  expect(told.at(-1)).toBe("… and 39980 more changed lines");
});

test("nothing in a line can reach a terminal", () => {
  expect(lines(["a"], ["\u001b[2J\u202e"]).join("")).toBe("-a+\\u001b[2J\\u202e");
});

test("the changed lines make the observed text of the declared one", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 9 });
  fc.assert(
    fc.property(text, text, (declared, observed) => {
      const told = lines(declared, observed);
      const count = (mark: string) => told.filter((line) => line.startsWith(mark)).length;
      const [a, b] = [declared.join("\n").split("\n"), observed.join("\n").split("\n")];
      expect(a.length - count("-")).toBe(b.length - count("+"));
    }),
    { numRuns: 200 },
  );
});
