/**
 * The words of a command or of variables as systemd.syntax(7) has them: parted by blanks, quoted by `"` or `'`.
 *
 * @returns undefined where a word has something that systemd would expand, or that is no plain word of ours
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

/** A start line as an agent's command: without systemd's prefixes; undefined where it is more than plain words. */
export function commandOf(starts: readonly string[]): string[] | undefined {
  const [line, ...others] = starts;
  if (line === undefined || others.length > 0 || /^[@:+!|]/.test(line)) return undefined;
  const words = wordsOf(line.replace(/^-/, ""));
  if (words === undefined || words.length === 0) return undefined;
  if (words.some((word) => /%[^%]|\$[\w{]/.test(word) || word === ";")) return undefined;
  return paneOf(words.map((word) => word.replaceAll("%%", "%").replaceAll("$$", "$")));
}

/** What runs in a tmux of its own runs in one of Muster's then. */
function paneOf(words: string[]): string[] | undefined {
  if (!/(^|\/)tmux$/.test(words[0] ?? "")) return words;
  const at = words.findIndex((word) => /^(new|new-session)$/.test(word));
  const inner = at === -1 ? [] : afterOptions(words.slice(at + 1));
  if (inner.length === 0) return undefined;
  return inner.length === 1 ? ["/bin/sh", "-c", inner[0] ?? ""] : inner;
}

/** tmux(1): options of new-session that take a value, and the rest of it. */
function afterOptions(words: readonly string[]): string[] {
  let at = 0;
  while (/^-/.test(words[at] ?? "") && words[at] !== "--")
    at += /^-[A-Za-z]*[cefFnstxy]$/.test(words[at] ?? "") ? 2 : 1;
  return words.slice(words[at] === "--" ? at + 1 : at);
}
