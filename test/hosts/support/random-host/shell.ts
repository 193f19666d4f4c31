/** Quotes a word for the shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Returns a command that writes a file byte for byte, as root. */
export function written(path: string, content: string | Buffer, mode = "0644"): string {
  const bytes = Buffer.from(content).toString("base64");
  return `echo ${bytes} | base64 -d >${quoted(path)}; chmod ${mode} ${quoted(path)}`;
}

/** Returns a command that writes a unit file, or a drop-in, from the lines of its sections. */
export function unitWritten(
  path: string,
  service: readonly string[],
  sections: Readonly<Record<string, readonly string[]>> = {},
): string {
  const all = Object.entries({ ...(service.length > 0 && { Service: service }), ...sections });
  const text = all.map(([name, lines]) => `[${name}]\n${lines.map((line) => `${line}\n`).join("")}`);
  return written(path, text.join("\n"));
}
