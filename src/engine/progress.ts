/** Reports progress to the user. A `passing` line is temporary: the next line replaces it. */
export type InstallProgress = (line: string, passing?: boolean) => void;

/** The number of seconds between the progress lines of a long step. */
const EVERY = 5;

/** Returns a reporter that writes to stderr. On a terminal, the next line overwrites a passing line. */
export function stderrProgress(stream: NodeJS.WriteStream = process.stderr): InstallProgress {
  let passed = false;
  return (line, passing = false) => {
    const replaces = stream.isTTY && passed;
    passed = passing;
    stream.write(`${replaces ? "\r\x1b[K" : ""}${line}${stream.isTTY && passing ? "" : "\n"}`);
  };
}

/** Reports `text` with the elapsed time every few seconds until `work` has ended. */
export async function withProgress<T>(
  progress: InstallProgress,
  text: string,
  hint: string,
  work: Promise<T>,
): Promise<T> {
  const started = Date.now();
  progress(`${text} (${hint})`, true);
  const timer = setInterval(
    () => progress(`${text}, ${elapsed(Date.now() - started)} (${hint})`, true),
    EVERY * 1000,
  );
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** Formats a duration in milliseconds: `7s`, `1m20s`, `3h05m`, `2d04h`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [size, unit, part, smaller] of UNITS) {
    if (seconds < size) continue;
    const rest = Math.floor((seconds % size) / part);
    return `${Math.floor(seconds / size)}${unit}${String(rest).padStart(2, "0")}${smaller}`;
  }
  return `${seconds}s`;
}

/** The units of time. Each entry has the length in seconds and the letter of the unit, and of the next smaller unit. */
const UNITS = [
  [86_400, "d", 3600, "h"],
  [3600, "h", 60, "m"],
  [60, "m", 1, "s"],
] as const;
