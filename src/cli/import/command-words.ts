/**
 * Splits a command or a list of variables into words by systemd.syntax(7): at blanks, with `"` or `'` as
 * quotes.
 *
 * @returns undefined if a word uses syntax that is not supported here
 */
export function wordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const quoted = /^(["'])((?:[^\\]|\\["'\\])*?)\1(?:\s+|$)/.exec(rest);
    const bare = /^([^\s"'\\]+(?:"[^"\\]*")?)(?:\s+|$)/.exec(rest);
    const found = quoted ?? bare;
    if (found === null) return undefined;
    const word = quoted
      ? (quoted[2] ?? "").replaceAll(/\\(["'\\])/g, "$1")
      : (bare?.[1] ?? "").replaceAll('"', "");
    words.push(word);
    rest = rest.slice(found[0].length);
  }
  return words;
}

/**
 * Converts ExecStart= lines into an agent's command; undefined unless they are one command of plain words.
 */
export function commandOf(starts: readonly string[]): string[] | undefined {
  const [line, ...others] = starts;
  if (line === undefined || others.length > 0 || /^[@:+!|]/.test(line)) return undefined;
  const words = wordsOf(line.replace(/^-/, ""));
  if (words === undefined || words.length === 0) return undefined;
  if (words.some((word) => /%[^%]|\$[\w{]/.test(word) || word === ";")) return undefined;
  return paneOf(words.map((word) => word.replaceAll("%%", "%").replaceAll("$$", "$")));
}

/** Returns the command without the tmux around it, if any, since Muster itself starts every agent in tmux. */
function paneOf(words: string[]): string[] | undefined {
  if (!/(^|\/)tmux$/.test(words[0] ?? "")) return words;
  const at = words.findIndex((word) => /^(new|new-session)$/.test(word));
  const inner = at === -1 ? [] : afterOptions(words.slice(at + 1));
  if (inner.length === 0) return undefined;
  return inner.length === 1 ? ["/bin/sh", "-c", inner[0] ?? ""] : inner;
}

/** Drops the options of `new-session`, some of which take a value; tmux(1). */
function afterOptions(words: readonly string[]): string[] {
  let at = 0;
  while (/^-/.test(words[at] ?? "") && words[at] !== "--")
    at += /^-[A-Za-z]*[cefFnstxy]$/.test(words[at] ?? "") ? 2 : 1;
  return words.slice(words[at] === "--" ? at + 1 : at);
}
