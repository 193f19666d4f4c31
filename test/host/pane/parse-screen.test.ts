import { describe, expect, test } from "vitest";
import { parseScreen } from "../../../src/host/pane/parse-screen.ts";
import { RGB, textOf } from "../../../src/model/screen.ts";

const ESC = "\u001b";

describe("the parser of a captured pane", () => {
  test("keeps colours and attributes, even across the end of a row", () => {
    const rows = parseScreen([
      `${ESC}[1;31mred ${ESC}[38;5;200mpink`,
      `${ESC}[0;48;2;1;2;3mdeep${ESC}[49m plain`,
    ]);
    expect(rows).toEqual([
      [
        { text: "red ", fg: 1, attributes: 1 },
        { text: "pink", fg: 200, attributes: 1 },
      ],
      [{ text: "deep", bg: RGB + 0x010203 }, { text: " plain" }],
    ]);
  });

  test("reads colours that are separated by colons, and bright colours", () => {
    const [row] = parseScreen([
      `${ESC}[38:2::9:8:7ma${ESC}[38:5:3mb${ESC}[97;104mc${ESC}[2;7md${ESC}[22;27me`,
    ]);
    expect(row).toEqual([
      { text: "a", fg: RGB + 0x090807 },
      { text: "b", fg: 3 },
      { text: "c", fg: 15, bg: 12 },
      { text: "d", fg: 15, bg: 12, attributes: 34 },
      { text: "e", fg: 15, bg: 12, attributes: 0 },
    ]);
  });

  test("shows the line drawing characters of the VT100", () => {
    expect(textOf(parseScreen(["\u000elqk\u000f lqk"])[0])).toBe("┌─┐ lqk");
  });

  test.each([
    ["a clipboard sequence", `a${ESC}]52;c;ZXZpbA==\u0007b`],
    ["a title that ends in ST", `a${ESC}]0;evil${ESC}\\b`],
    ["a link", `a${ESC}]8;;http://evil${ESC}\\b`],
    ["a device query", `a${ESC}[6n${ESC}[>c${ESC}[?1049hb`],
    ["a DCS", `a${ESC}P$q"p${ESC}\\b`],
    ["a sequence in C1", "a\u009b2J\u009db".replace("2J", "")],
    ["a sequence without an end", `ab${ESC}]52;c;ZXZ`],
    ["a single escape", `ab${ESC}`],
    ["a bell and a backspace", "a\u0007\u0008b"],
  ])("drops %s", (_, line) => {
    expect(textOf(parseScreen([line])[0])).toBe("ab");
  });
});
