import fc from "fast-check";
import { expect, test } from "vitest";
import { lineSplitter } from "../../src/transport/line-splitter.ts";

test("the same lines are read for every split of the bytes, even within a character", () => {
  const line = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "").toWellFormed());
  fc.assert(
    fc.property(fc.array(line), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(""));
      const seen: string[] = [];
      const split = lineSplitter((one) => seen.push(one));
      for (let at = 0; at < bytes.length; ) {
        const size = sizes.next().value;
        split(bytes.subarray(at, at + size));
        at += size;
      }
      expect(seen).toEqual(lines);
    }),
  );
});

test("an endless line is refused after 64 MB", () => {
  const split = lineSplitter(() => {});
  const chunk = Buffer.alloc(32 * 1024 * 1024, "x");
  expect([split(chunk), split(chunk), split(chunk)]).toEqual([true, true, false]);
});
