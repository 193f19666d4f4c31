import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { visible } from "../../src/base/terminal-text.ts";
import { bytes } from "../../src/cli/disk-usage.ts";
import { span } from "../../src/cli/observe/span.ts";
import { table } from "../../src/cli/render/table.ts";
import { safeJson, shortPair, shortValue } from "../../src/cli/render/text.ts";
import { shown } from "../../src/model/shorten-for-display.ts";

const HOSTILE = "\u001b[31mred\u001b[0m \u202eevil\u0000\r\nnext\u009b2J";
const HARMLESS = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;

describe("text that comes from a host", () => {
  test("cannot add colours, move the cursor, break a line or reverse the text", () => {
    expect(visible(HOSTILE)).toBe("\\u001b[31mred\\u001b[0m \\u202eevil\\u0000\\u000d\\u000anext\\u009b2J");
  });

  test("is made harmless, even if it is random", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => HARMLESS.test(visible(text))));
  });

  test("is complete and equally harmless in JSON", () => {
    const json = safeJson({ observed: HOSTILE });
    expect(JSON.parse(json)).toEqual({ observed: HOSTILE });
    expect(json.replaceAll("\n", "")).toMatch(HARMLESS);
  });

  test("is truncated if it is long, and a digest is truncated after twelve digits", () => {
    expect(shortValue("a".repeat(500))).toHaveLength(72);
    expect(shortValue(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("sha256:0123456789ab…");
    expect(shortValue("0644")).toBe("0644");
    expect(shortValue(true)).toBe("true");
  });

  test("is shortened to the part around its first difference from another value", () => {
    const long = "a".repeat(200);
    const [declared, observed] = shortPair(long, `${long}b`);
    expect(declared).toMatch(/^…a+$/);
    expect(observed).toMatch(/^…a+b$/);
    expect(shortPair(`x${long}`, `y${long}`).map((one) => one.slice(0, 2))).toEqual(["xa", "ya"]);
  });

  test("is shortened to a number of terminal columns, but never within a character", () => {
    const [cut, other] = shortPair("日".repeat(100), `${"日".repeat(99)}😀`);
    for (const one of [cut, other, shown(`${"a".repeat(118)}😀😀`), shown(`a${"😀".repeat(100)}`)]) {
      expect(one.isWellFormed()).toBe(true);
      expect(one).not.toContain("\\u");
      expect(stringWidth(one)).toBeLessThanOrEqual(120);
    }
    expect(stringWidth(cut)).toBeLessThanOrEqual(72);
    expect(other).toMatch(/^…日+😀$/);
  });
});

describe("terminal output", () => {
  test("aligns table columns and leaves no trailing spaces", () => {
    expect(
      table([
        ["A", "LONG"],
        ["abc", "x"],
        ["d", "\u001b"],
      ]),
    ).toBe("A    LONG\nabc  x\nd    \\u001b\n");
  });

  test("aligns table columns with wide characters, combining marks and emoji", () => {
    const rows = ["名前", "ab", "e\u0301", "🐈"].map((cell) => [cell, "x"]);
    expect(table(rows)).toBe("名前  x\nab    x\ne\u0301     x\n🐈    x\n");
  });

  test("shows a time span in the two largest units", () => {
    expect([0, 0.4, 12, 75, 3600, 100_000].map(span)).toEqual(["0s", "0s", "12s", "1m 15s", "1h", "1d 3h"]);
  });

  test("shows each size with its unit", () => {
    expect([0, 999, 1500, 2_000_000_000].map(bytes)).toEqual(["0 bytes", "999 bytes", "1.5 kB", "2.0 GB"]);
  });
});
