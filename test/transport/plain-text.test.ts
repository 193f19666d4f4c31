import fc from "fast-check";
import { expect, test } from "vitest";
import { plainLine } from "../../src/transport/plain-line.ts";

test("several lines become one line, and ssh's banner of @ signs is removed", () => {
  const text = "@@@@@@@@@\r\n@  WARNING  @\r\nno route\r\n\r\ngiving up\r\n";
  expect(plainLine(text)).toBe("no route; giving up");
});

test("colours, window titles and bidirectional overrides are removed", () => {
  expect(plainLine("\u001b[31mred\u001b[0m \u001b]0;title\u0007ok \u202eevil")).toBe("red ok evil");
});

test("any text becomes one harmless line of at most 400 characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
      const line = plainLine(text);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(line.length).toBeLessThanOrEqual(400);
    }),
  );
});
