/** Characters of one value that a person is shown. */
const WIDTH = 120;

/** Text that is safe in a terminal and on one line. */
export function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  const cut = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
  return cut.replaceAll(/[\p{Cc}\p{Cf}]/gu, (c) => `\\u${c.codePointAt(0)?.toString(16).padStart(4, "0")}`);
}
