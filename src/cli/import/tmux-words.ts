/**
 * Splits the start command of a pane into the words that the program gets. tmux writes the command with double quotes
 * and backslashes, so that the parser of tmux reads the same words again. If the command is a single word, it is a line
 * for a shell.
 */
export function tmuxWords(text: string): string[] {
  const words: string[] = [];
  for (const [raw] of text.matchAll(/(?:"(?:\\[\s\S]|[^"\\])*"|'[^']*'|\\[\s\S]|[^\s"'\\])+/g)) {
    words.push(
      raw.replaceAll(/"((?:\\[\s\S]|[^"\\])*)"|'([^']*)'|\\([\s\S])/g, (_, double, single, escaped) =>
        double === undefined ? (single ?? escaped) : double.replaceAll(/\\([\s\S])/g, "$1"),
      ),
    );
  }
  const [line = "", ...rest] = words;
  return rest.length > 0 || !/[^\w./@%+:,-]/.test(line) ? words : ["/bin/sh", "-c", line];
}
