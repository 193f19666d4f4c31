import { lstatSync } from "node:fs";
import type { FailureRecords } from "../../model/conversation.ts";
import { filesOf, linesOf, parsed, type Row, readFrom, sizeOf, valueAtPath } from "./transcript.ts";

/** The position in bytes up to which each file was read, by path relative to the home. */
export type ReadEnds = Readonly<Record<string, number>>;

/** The seconds for which a file must be unchanged before it is read, so that a line about a repetition is complete. */
const SETTLED = 2;

/** Returns the current ends of the files, so that earlier failures are not reported. */
export function currentEnds(home: string, records: readonly FailureRecords[]): ReadEnds {
  const files = records.flatMap((one) => filesOf(home, one));
  return Object.fromEntries(files.map((path) => [path, sizeOf(`${home}/${path}`) ?? 0]));
}

/**
 * Returns the reasons of the turns that have ended without an answer since the last call. This function must run with
 * the rights of the agent's user, because the agent can replace its records with links to any file.
 *
 * @param ends the ends at the last call
 */
export function failedTurns(
  home: string,
  records: readonly FailureRecords[],
  ends: ReadEnds,
): { readonly reasons: readonly string[]; readonly ends: ReadEnds } {
  const reasons: string[] = [];
  const next: Record<string, number> = {};
  for (const one of records)
    for (const path of filesOf(home, one)) {
      const size = sizeOf(`${home}/${path}`) ?? 0;
      const from = ends[path] ?? 0;
      if (size <= from || !isSettled(`${home}/${path}`)) {
        // A shorter file is a new file, for example after a log was rotated.
        next[path] = size < from ? 0 : from;
        continue;
      }
      const { text } = readFrom(`${home}/${path}`, from);
      const rows = linesOf(text);
      reasons.push(...failuresIn(one, rows));
      next[path] = from + endOf(rows);
    }
  return { reasons, ends: next };
}

function isSettled(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs >= SETTLED * 1000;
}

/** Returns the position after the last complete line. */
function endOf(rows: readonly Row[]): number {
  const last = rows.at(-1);
  return last === undefined ? 0 : last.position + Buffer.byteLength(last.line) + 1;
}

/** Returns the reasons of the failures in the lines of a file. */
export function failuresIn(records: FailureRecords, rows: readonly Row[]): string[] {
  if (records.format === "log") return rows.flatMap(({ line }) => reasonInLog(records, line) ?? []);
  const { where = {}, reason = "", retriedBy } = records;
  const values = rows.map(({ line }) => parsed(line));
  return values.flatMap((value, i) => {
    const text = valueAtPath(value, reason);
    if (typeof text !== "string" || !fits(value, where)) return [];
    return retriedBy !== undefined && fits(values[i + 1], retriedBy) ? [] : [text];
  });
}

function fits(value: unknown, where: Readonly<Record<string, string>>): boolean {
  return Object.entries(where).every(([path, want]) => valueAtPath(value, path) === want);
}

/** Returns the reason on a line of a log, without the details after a `|`; undefined for any other line. */
function reasonInLog({ marks = [] }: FailureRecords, line: string): string | undefined {
  const mark = marks.find((one) => line.includes(one));
  return mark === undefined ? undefined : line.slice(line.indexOf(mark)).split(" | ")[0]?.trim();
}
