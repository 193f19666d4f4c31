/** An environment file of a service. */
export interface EnvironmentFile {
  readonly path: string;
  /** Undefined if the file does not exist or cannot be read. */
  readonly text?: string;
}

/** The variables in an environment file, and the names that systemd ignores. */
export interface Variables {
  readonly variables: ReadonlyMap<string, string>;
  readonly ignored: readonly string[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const BLANK = " \t\n\r";

/**
 * Reads an environment file as systemd does (load_env_file() in its env-file.c). Unlike a shell, systemd drops spaces
 * around the name, refuses the name `export A`, and joins lines after a backslash.
 *
 * @param systemd the version of systemd; since 254, a backslash does not continue a comment
 */
export function variablesIn(text: string, systemd: number): Variables {
  const variables = new Map<string, string>();
  const ignored: string[] = [];
  for (const [name, value] of assignmentsIn({ text, at: 0, joinsComments: systemd < 254 })) {
    if (NAME.test(name)) variables.set(name, value);
    else ignored.push(name);
  }
  return { variables, ignored };
}

/** Reads the text with a cursor, which each of the functions below moves forward. */
function assignmentsIn(cursor: Cursor): [string, string][] {
  const found: [string, string][] = [];
  while (cursor.at < cursor.text.length) {
    const name = nextName(cursor);
    if (name !== undefined) found.push([name, nextValue(cursor)]);
  }
  return found;
}

interface Cursor {
  readonly text: string;
  readonly joinsComments: boolean;
  at: number;
}

/** Reads up to `=`. Returns undefined for an empty line, a comment, or a line without `=`. */
function nextName(cursor: Cursor): string | undefined {
  const { text } = cursor;
  while (BLANK.includes(text[cursor.at] ?? "x")) cursor.at++;
  if ("#;".includes(text[cursor.at] ?? "x")) return skipComment(cursor);
  const rest = text.slice(cursor.at);
  const [name = ""] = /^[^=\r\n]*/.exec(rest) ?? [];
  cursor.at += name.length + 1;
  return rest[name.length] === "=" ? name.trimEnd() : undefined;
}

function skipComment(cursor: Cursor): undefined {
  const form = cursor.joinsComments ? /^(\\[\s\S]|[^\\\r\n])*/ : /^[^\r\n]*/;
  const [comment = ""] = form.exec(cursor.text.slice(cursor.at)) ?? [];
  cursor.at += comment.length + 1;
}

/** Reads a value: quoted parts, and then an unquoted part that ends at the end of the line. */
function nextValue(cursor: Cursor): string {
  let value = "";
  for (;;) {
    const rest = cursor.text.slice(cursor.at);
    const [blanks = ""] = /^[ \t]*/.exec(rest) ?? [];
    const quoted = /^(?:'([^']*)('|$)|"((?:\\[\s\S]|[^"\\])*)("|$))/.exec(rest.slice(blanks.length));
    cursor.at += blanks.length + (quoted?.[0].length ?? 0);
    if (quoted === null) return value + plainPart(cursor);
    value += quoted[1] ?? unescaped(quoted[3] ?? "");
  }
}

function plainPart(cursor: Cursor): string {
  const [part = ""] = /^(\\[\s\S]|\\$|[^\\\r\n])*/.exec(cursor.text.slice(cursor.at)) ?? [];
  cursor.at += part.length + 1;
  // Trailing spaces are dropped, unless a backslash precedes them.
  const [blanks = ""] = /[ \t]*$/.exec(part) ?? [];
  const kept = part.slice(0, part.length - blanks.length);
  const whole = /(^|[^\\])(\\\\)*\\$/.test(kept) ? kept + blanks.slice(0, 1) : kept;
  return whole.replaceAll(/\\([\s\S]?)/g, (_, char: string) => (/[\r\n]/.test(char) ? "" : char));
}

/** Resolves the escapes in a text between double quotes, in which only `"`, `\`, `` ` `` and `$` can be escaped. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (pair, char: string) =>
    char === "\n" ? "" : '"\\`$'.includes(char) ? char : pair,
  );
}
