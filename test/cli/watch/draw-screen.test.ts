import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellText, drawScreen } from "../../../src/cli/watch/draw-screen.ts";
import { viewportOf } from "../../../src/cli/watch/viewport.ts";
import { RGB, type Screen, type ScreenSpan } from "../../../src/model/screen.ts";

const ESC = "\u001b";
const VIEW = { columns: 10, lines: 2, left: 0, top: 0 };

function screen(rows: readonly (readonly ScreenSpan[])[], cursor?: Screen["cursor"]): Screen {
  return { width: 200, height: 50, rows, ...(cursor && { cursor }) };
}

function draw(rows: readonly (readonly ScreenSpan[])[], view = VIEW): string {
  return drawScreen(screen(rows), view, "status", []);
}

describe("the drawing of an agent's screen", () => {
  test("has the colours and attributes of the text", () => {
    expect(draw([[{ text: "ab", fg: 1, bg: RGB + 0x010203, attributes: 1 | 32 }, { text: "c" }]])).toContain(
      `${ESC}[1;1H${ESC}[0;1;7;38;5;1;48;2;1;2;3mab${ESC}[0mc${ESC}[0m${ESC}[K`,
    );
  });

  test("redraws only the lines that have changed", () => {
    const drawn: string[] = [];
    const first = [[{ text: "one" }], [{ text: "two" }]];
    expect(drawScreen(screen(first), VIEW, "s", drawn)).toContain("one");
    expect(drawScreen(screen(first), VIEW, "s", drawn)).toBe(`${ESC}[?25l`);
    const next = drawScreen(screen([[{ text: "one" }], [{ text: "2" }]], { x: 3, y: 1 }), VIEW, "s", drawn);
    expect(next).not.toContain("one");
    expect(next).toContain(`${ESC}[2;1H${ESC}[0m2`);
    expect(next.endsWith(`${ESC}[2;4H${ESC}[?25h`)).toBe(true);
  });

  test("ends at the edges of the terminal, even with wide characters", () => {
    const rows = [[{ text: "漢字漢字漢字" }]];
    expect(draw(rows)).toContain("漢字漢字漢\u001b");
    expect(draw(rows, { ...VIEW, columns: 3, left: 1 })).toContain("m字\u001b");
  });

  test("contains only Muster's own escape sequences, for any reply of a host", () => {
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.constant(undefined));
    const span = fc.record({ text: value, fg: value, bg: value, attributes: value });
    fc.assert(
      fc.property(fc.array(fc.array(span)), fc.string({ unit: "binary" }), (rows, status) => {
        const spans = rows as unknown as ScreenSpan[][];
        const output = drawScreen(screen(spans), { ...VIEW, columns: 80, lines: 24 }, status, []);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escape sequences
        const rest = output.replaceAll(/\u001b\[(\d+;\d+H|[\d;]*m|K|\?25[hl])/g, "");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
        expect(rest).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps emoji with joiners", () => {
    expect(cellText("👩‍👧 é漢\u202eevil\u0007")).toBe("👩‍👧 é漢\ufffdevil\ufffd");
  });
});

describe("the visible part of a screen", () => {
  const full = screen(
    Array.from({ length: 50 }, () => [{ text: "x" }]),
    { x: 150, y: 49 },
  );

  test("is the complete screen in a large terminal", () => {
    expect(viewportOf(full, { columns: 300, rows: 90 }, undefined)).toEqual({
      columns: 300,
      lines: 89,
      left: 0,
      top: 0,
    });
  });

  test("contains the cursor in a small terminal", () => {
    expect(viewportOf(full, { columns: 80, rows: 24 }, undefined)).toEqual({
      columns: 80,
      lines: 23,
      left: 110,
      top: 27,
    });
  });

  test("is the part that the person has chosen, within the screen", () => {
    expect(viewportOf(full, { columns: 80, rows: 24 }, { left: -5, top: 99 })).toMatchObject({
      left: 0,
      top: 27,
    });
  });
});
