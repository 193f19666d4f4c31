import { describe, expect, test } from "vitest";
import { bufferCommands, type TmuxAnswer, tmuxLines } from "../../../src/host/pane/tmux-lines.ts";

function parse(...chunks: readonly string[]) {
  const answers: TmuxAnswer[] = [];
  let ends = 0;
  const take = tmuxLines(
    (answer) => answers.push(answer),
    () => ends++,
  );
  for (const chunk of chunks) take(chunk);
  return { answers, ends };
}

describe("the lines of a control client", () => {
  test("are parsed as replies to its own commands, for any division into chunks", () => {
    const text =
      "%begin 1 5 0\nother\n%end 1 5 0\n%output %0 x\n%begin 1 6 1\na\n\nb\n%end 1 6 1\n%begin 2 7 1\n%error 2 7 1\n";
    const expected = [
      { isError: false, lines: ["a", "", "b"] },
      { isError: true, lines: [] },
    ];
    expect(parse(text).answers).toEqual(expected);
    expect(parse(...text).answers).toEqual(expected);
  });

  test("can contain a line that looks like the end of another reply", () => {
    expect(parse("%begin 1 6 1\n%end 1 5 1\n%exit\n%end 1 6 1\n").answers).toEqual([
      { isError: false, lines: ["%end 1 5 1", "%exit"] },
    ]);
  });

  test("end the connection only once, even if the client exits twice or a reply is too large", () => {
    expect(parse("%exit\n%exit\n").ends).toBe(1);
    const line = `${"x".repeat(1024 * 1024)}\n`;
    expect(parse("%begin 1 6 1\n", line, line, line, line, line, line).ends).toBe(1);
    expect(parse("x".repeat(5 * 1024 * 1024)).ends).toBe(1);
  });
});

describe("the commands that fill a paste buffer", () => {
  test("quote characters that the parser of tmux would change, and are each on one line", () => {
    expect(bufferCommands("m", 'a "b" $HOME \\ \n\tü;#{x}')).toEqual([
      'set-buffer -b m -- "a \\"b\\" \\$HOME \\\\ \\n\\tü;#{x}"',
    ]);
  });

  test("keep a tilde at the start of a part, which tmux would replace by the path of a home", () => {
    expect(bufferCommands("m", "~/notes ~")).toEqual(['set-buffer -b m -- "\\~/notes ~"']);
    expect(bufferCommands("m", `${"a".repeat(4096)}~`)[1]).toBe('set-buffer -a -b m -- "\\~"');
  });

  test("do not divide a character", () => {
    const parts = bufferCommands("m", `${"a".repeat(4095)}😀${"b".repeat(5000)}`);
    expect(parts).toHaveLength(3);
    expect(parts.every((one) => one.isWellFormed())).toBe(true);
    expect(parts[1]).toMatch(/^set-buffer -a -b m -- "😀/);
  });
});
