/** The words of a command, or the reason why the command cannot run without a shell. */
export type CommandWords = { readonly words: readonly string[] } | { readonly flaw: string };

/** A part of a command: a text in quotes, an escaped character, white space, or plain characters. */
const PART =
  /'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\.)*)"|\\(?<escaped>.)|(?<space>\s+)|(?<plain>[^\s'"\\]+)/gsy;

/** Matches the characters that have a meaning in a shell, and those that also have a meaning in double quotes. */
const SHELL = /[|&;<>()$`*?]/;
const SHELL_IN_QUOTES = /[$`]/;

/**
 * Splits the command of an `exec:` reference into words, as a shell does. No shell runs the command, so characters that
 * only a shell can interpret are refused.
 *
 * @param home replaces `~` at the start of a word, before `/`
 */
export function secretCommand(text: string, home: string): CommandWords {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const { 0: part, groups = {} } of text.matchAll(PART)) {
    end += part.length;
    const { single, double, escaped, space, plain } = groups;
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const [special] = SHELL.exec(plain ?? "") ?? SHELL_IN_QUOTES.exec(double ?? "") ?? [];
    if (special !== undefined) return { flaw: flawOf(special) };
    const isHome = word === undefined && (plain === "~" || plain?.startsWith("~/"));
    const value = isHome ? `${home}${plain?.slice(1)}` : plain;
    word = (word ?? "") + (value ?? single ?? escaped ?? double?.replaceAll(/\\(["\\])/g, "$1") ?? "");
  }
  if (end < text.length) return { flaw: "has a quote or a backslash without an end" };
  if (word !== undefined) words.push(word);
  return words.length === 0 || words[0] === "" ? { flaw: "names no program" } : { words };
}

function flawOf(special: string): string {
  return `contains ${special}, but no shell runs the command: put it in single quotes, or write exec:sh -c '…'`;
}
