/** The response of a tmux server to one command of a control client. */
export interface TmuxAnswer {
  readonly isError: boolean;
  readonly lines: readonly string[];
}

/**
 * The maximum number of characters of a response. The limit is needed, because the agent controls the server's output.
 */
const MOST = 4 * 1024 * 1024;

/**
 * Parses the output of a control client of tmux; see "CONTROL MODE" in tmux(1). Ignores notifications, and responses to
 * commands of other clients.
 *
 * @param onAnswer called with the response to each of the client's own commands, in the order of the commands
 * @param onEnd called once if the client detaches, or prints more than a response can contain
 * @returns a function that takes the next characters
 */
export function tmuxLines(onAnswer: (answer: TmuxAnswer) => void, onEnd: () => void): (text: string) => void {
  let rest = "";
  let block: { readonly mark: string; readonly isOwn: boolean; readonly lines: string[] } | undefined;
  let size = 0;
  let isOver = false;
  const end = () => {
    if (!isOver) onEnd();
    isOver = true;
  };
  const take = (line: string) => {
    const [word, ...mark] = line.split(" ");
    if (block === undefined) {
      if (word === "%exit") end();
      else if (word === "%begin") {
        block = { mark: mark.join(" "), isOwn: mark[2] === "1", lines: [] };
        size = 0;
      }
      return;
    }
    const isLast = (word === "%end" || word === "%error") && mark.join(" ") === block.mark;
    if (!isLast) {
      size += line.length;
      block.lines.push(line);
      return;
    }
    const { isOwn, lines } = block;
    block = undefined;
    if (isOwn) onAnswer({ isError: word === "%error", lines });
  };
  return (text) => {
    if (isOver) return;
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (!isOver) take(line);
    if (size + rest.length > MOST) end();
  };
}

/** The maximum length of the part of a text in one command, in UTF-16 units. */
const PART = 4096;

/**
 * Returns the commands that put a text into a paste buffer. A control client reads commands as lines. Unlike the
 * arguments of a program, these lines have no maximum length, and other users cannot see them.
 */
export function bufferCommands(buffer: string, text: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    const isInside = /^[\ud800-\udbff]$/.test(text[from + PART - 1] ?? "");
    const to = from + PART - (isInside ? 1 : 0);
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts.map((part, i) => `set-buffer ${i === 0 ? "" : "-a "}-b ${buffer} -- ${tmuxQuoted(part)}`);
}

/**
 * Quotes a word for the parser of tmux, so that the word is kept on one line. Even in quotes, tmux would replace a tilde
 * at the start of the word by the path of a home.
 */
export function tmuxQuoted(word: string): string {
  return `"${word
    .replaceAll(/[\\"$]|^~/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r")}"`;
}
