import fc from "fast-check";
import { expect, test } from "vitest";
import { blankUnsafe, isPrintable, visible } from "../../src/base/terminal-text.ts";
import { quoteValue } from "../../src/host/authorization/check-shape.ts";
import { shown } from "../../src/model/shorten-for-display.ts";
import { plainLine } from "../../src/transport/plain-line.ts";

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test.each([
  ["visible", visible],
  ["blankUnsafe", blankUnsafe],
  ["shown", shown],
  ["plainLine", plainLine],
  ["quoteValue", quoteValue],
])("%s makes any text safe for a terminal", (_, make) => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(fc.property(text, (one) => !UNSAFE.test(make(one))));
});

test.each([
  ["a family of joined emoji", "\u{1F468}\u200d\u{1F469}\u200d\u{1F467}", true],
  ["a bidirectional override", "a\u202eb", false],
  ["a line separator", "a\u2028b", false],
  ["ESC", "\u001b[2J", false],
  ["half a surrogate pair", "\ud83d", false],
])("isPrintable returns the right result for %s", (_, text, allowed) => {
  expect(isPrintable(text)).toBe(allowed);
});
