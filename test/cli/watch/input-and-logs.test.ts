import { describe, expect, test } from "vitest";
import { newLines } from "../../../src/cli/render/logs.ts";
import { applyAnswer, NO_PANE } from "../../../src/cli/watch/pane-copy.ts";
import { parseKeys } from "../../../src/cli/watch/parse-keys.ts";
import { isKey } from "../../../src/model/pane.ts";

describe("the keys that a person types in a takeover", () => {
  test("are bytes, except the keys that programs receive in several forms", () => {
    const { keys, isEnd } = parseKeys(Buffer.from("é\u001b[A\u001bOB\u001b[3~\u001b[Zx\r\u001b"));
    expect(keys).toEqual(["c3a9", "Up", "Down", "Delete", "BTab", "780d1b"]);
    expect(keys.every(isKey)).toBe(true);
    expect(isEnd).toBe(false);
  });

  test("are no longer sent after Ctrl-]", () => {
    expect(parseKeys(Buffer.from("ab\u001dcd"))).toEqual({ keys: ["6162"], isEnd: true });
  });

  test.each(["Up; kill-server", "C-c", "61 62", "6", "", "ENTER", 5])(
    "cannot be a tmux command: %s",
    (key) => {
      expect(isKey(key)).toBe(false);
    },
  );
});

describe("the copy of a pane", () => {
  test("is updated with only the rows that have changed", () => {
    const row = (text: string) => [{ text }];
    const rows = { 0: row("a"), 1: row("b") };
    const first = applyAnswer(NO_PANE, { number: 1, width: 9, height: 2, isComplete: true, rows });
    const next = applyAnswer(first, {
      number: 2,
      width: 9,
      height: 3,
      isComplete: false,
      rows: { 1: row("c") },
    });
    expect(next).toEqual({ number: 2, width: 9, height: 3, rows: [row("a"), row("c"), []] });
  });
});

describe("the new lines of a terminal", () => {
  test("are the lines after those of the earlier reading", () => {
    expect(newLines([], ["a"])).toEqual(["a"]);
    expect(newLines(["a", "b"], ["a", "b"])).toEqual([]);
    expect(newLines(["a", "b"], ["a", "b", "c"])).toEqual(["c"]);
    expect(newLines(["a", "b", "c"], ["b", "c", "d"])).toEqual(["d"]);
  });

  test("include a last line that has changed", () => {
    expect(newLines(["a", "b", "$ "], ["a", "b", "$ ls", "x"])).toEqual(["$ ls", "x"]);
  });

  test("are all lines after a change of the entire screen", () => {
    expect(newLines(["a", "b"], ["x", "y"])).toEqual(["x", "y"]);
  });
});
