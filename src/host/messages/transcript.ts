import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import type { MessageLine, MessageRecords } from "../../model/conversation.ts";
import { hasCode } from "../system/error-reason.ts";
import { compact } from "./read-prompt.ts";

/** The sizes of a runtime's transcripts in bytes, by path relative to the home. */
export type TranscriptEnds = Readonly<Record<string, number>>;

/** A line of a transcript that contains a message. */
export interface Evidence {
  /** The file, relative to the home, and the position of the line in bytes: `PATH:POSITION`. */
  readonly place: string;
  readonly isQueued: boolean;
}

export interface TranscriptSearch {
  readonly found?: Evidence;
  /**
   * Whether everything after the ends was read, and no record resembles the message. If not, the absence of the message
   * proves nothing.
   */
  readonly isComplete: boolean;
}

/** The maximum number of transcripts of one agent, and of bytes that are read from each transcript. */
const MOST_FILES = 5000;
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Returns where the transcripts of an agent currently end. This function and `findInTranscripts` must run with the
 * rights of the agent's user, because the agent can replace its transcripts with links to any file.
 */
export function transcriptEnds(home: string, records: readonly MessageRecords[]): TranscriptEnds {
  const sizes = records.flatMap((one) => filesOf(home, one).map((path) => [path, sizeOf(`${home}/${path}`)]));
  return Object.fromEntries(sizes);
}

/** The other messages to the same agent. One record must not prove two messages. */
export interface OtherMessages {
  /** The places that are evidence of other messages. */
  readonly claimed: ReadonlySet<string>;
  /** The number of messages with the same text that were typed recently and are not proved. */
  readonly rivals: number;
}

/**
 * Searches the transcripts of an agent for a message.
 *
 * @param ends where the transcripts ended before the message was sent
 */
export function findInTranscripts(
  home: string,
  records: readonly MessageRecords[],
  ends: TranscriptEnds,
  text: string,
  { claimed, rivals }: OtherMessages,
): TranscriptSearch {
  const isSimilar = resembling(text);
  const files = new Map(records.flatMap((one) => filesOf(home, one).map((path) => [path, one] as const)));
  let isComplete = files.size < MOST_FILES && Object.keys(ends).every((path) => files.has(path));
  const found: Evidence[] = [];
  for (const [path, one] of files) {
    const read = readFrom(`${home}/${path}`, ends[path] ?? 0);
    isComplete &&= read.isComplete;
    const wanted = compact(withoutTags(text, one));
    for (const { position, message, isQueued } of messagesIn(one, read.text)) {
      const place = `${path}:${(ends[path] ?? 0) + position}`;
      if (claimed.has(place)) continue;
      const recorded = withPastes(home, one, message);
      if (recorded !== undefined && compact(withoutTags(recorded, one)) === wanted)
        found.push({ place, isQueued });
      else if (recorded === undefined || isSimilar(recorded)) isComplete = false;
    }
  }
  // If there are fewer records than messages, it is unknown which message was recorded.
  if (found.length <= rivals) return { isComplete: isComplete && found.length === 0 };
  const best = found.find(({ isQueued }) => !isQueued) ?? found[0];
  return { isComplete, ...(best && { found: best }) };
}

/** The number of letters and digits at the start or the end of a message that make a record similar. */
const SIMILAR = 60;

/**
 * Returns a function that checks whether a record can contain a message in a form that Muster does not know, because a
 * new version of a runtime can change or enclose the text.
 */
function resembling(text: string): (message: string) => boolean {
  const letters = lettersOf(text);
  // A record with any content can contain a message that has no letters and digits.
  const [start, end] = [letters.slice(0, SIMILAR), letters.slice(-SIMILAR)];
  return (message) => {
    const recorded = lettersOf(message);
    return recorded.includes(start) || recorded.includes(end);
  };
}

function lettersOf(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]+/gu, "");
}

/** Returns a text without the tags between which the runtime records a pasted text. */
function withoutTags(text: string, { tag }: MessageRecords): string {
  if (tag === undefined || !/^\w{1,40}$/.test(tag)) return text;
  return text.replaceAll(new RegExp(`</?${tag} id="\\w{1,40}">`, "g"), "");
}

/** The name of the file in which a runtime has stored a pasted text. */
const PASTE = /\[Pasted text #\d+: \d+ lines → (?:[^\]\n]*\/)?([\w.-]+)\]/gu;

/** Inserts the pasted texts that the runtime has stored in files; undefined if such a file cannot be read. */
function withPastes(home: string, { pastes }: MessageRecords, message: string): string | undefined {
  if (pastes === undefined) return message;
  let isComplete = true;
  const text = message.replaceAll(PASTE, (_, name: string) => {
    const read = readFrom(`${home}/${pastes}/${name}`, 0);
    isComplete &&= read.isComplete;
    return read.text.toString("utf8");
  });
  return isComplete ? text : undefined;
}

interface RecordedMessage {
  /** In bytes from the start of the text. */
  readonly position: number;
  readonly message: string;
  readonly isQueued: boolean;
}

/** Returns the messages in the text of a transcript. A line that is not complete yet is ignored. */
export function messagesIn({ format, lines = [] }: MessageRecords, text: Buffer): RecordedMessage[] {
  const rows = linesOf(text);
  if (format === "prompt-toolkit") return historyMessages(rows);
  return rows.flatMap(({ position, line }) => {
    const value = parsed(line);
    const form = lines.find(({ where }) =>
      Object.entries(where).every(([path, want]) => valueAtPath(value, path) === want),
    );
    const message = form && messageAt(value, form);
    return message === undefined ? [] : [{ position, message, isQueued: form?.isQueued === true }];
  });
}

export interface Row {
  readonly position: number;
  readonly line: string;
}

/** Splits a text into its complete lines. */
export function linesOf(text: Buffer): Row[] {
  const rows: Row[] = [];
  for (let from = 0, end = text.indexOf(10); end !== -1; from = end + 1, end = text.indexOf(10, from))
    rows.push({ position: from, line: text.toString("utf8", from, end) });
  return rows;
}

/** Reads the history of prompt_toolkit: a line `# TIME`, then each line of the message after a `+`. */
function historyMessages(rows: readonly Row[]): RecordedMessage[] {
  const messages: { position: number; lines: string[] }[] = [];
  for (const { position, line } of rows) {
    if (line.startsWith("#")) messages.push({ position, lines: [] });
    else if (line.startsWith("+")) messages.at(-1)?.lines.push(line.slice(1));
  }
  return messages.map(({ position, lines }) => ({ position, message: lines.join("\n"), isQueued: false }));
}

function messageAt(value: unknown, { text }: MessageLine): string | undefined {
  const found = valueAtPath(value, text);
  if (typeof found === "string") return found;
  if (!Array.isArray(found)) return undefined;
  const parts = found.flatMap((part) => {
    const one = valueAtPath(part, "text");
    return typeof one === "string" ? [one] : [];
  });
  return parts.length === 0 ? undefined : parts.join("\n");
}

/** Returns the value at a path such as `message.role`; undefined if there is none. */
export function valueAtPath(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((one, key) => {
    const isMap = typeof one === "object" && one !== null && Object.hasOwn(one, key);
    return isMap ? (one as Readonly<Record<string, unknown>>)[key] : undefined;
  }, value);
}

/** Parses a line as JSON; undefined if it is not JSON. */
export function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Returns the paths of the files, relative to the home. */
export function filesOf(home: string, { path, depth }: Pick<MessageRecords, "path" | "depth">): string[] {
  if (depth === undefined) return sizeOf(`${home}/${path}`) === undefined ? [] : [path];
  const files: string[] = [];
  const walk = (folder: string, left: number) => {
    for (const name of namesIn(`${home}/${folder}`)) {
      if (files.length >= MOST_FILES) return;
      const one = `${folder}/${name}`;
      if (left > 0) walk(one, left - 1);
      else if (name.endsWith(".jsonl") && sizeOf(`${home}/${one}`) !== undefined) files.push(one);
    }
  };
  walk(path, depth);
  return files;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MOST_FILES);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return [];
    throw error;
  }
}

/** Returns the size of a file; undefined if the path is not a file. */
export function sizeOf(path: string): number | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : undefined;
}

/** Reads a file from a position to its end, without following links. */
export function readFrom(
  path: string,
  position: number,
): { readonly text: Buffer; readonly isComplete: boolean } {
  const none = { text: Buffer.alloc(0), isComplete: false };
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch {
    return none;
  }
  try {
    const stats = fstatSync(fd);
    const length = stats.size - position;
    // A transcript that has become shorter was written again, so the position is no longer valid.
    if (!stats.isFile() || length < 0) return none;
    const text = Buffer.alloc(Math.min(length, MOST_BYTES));
    const count = readSync(fd, text, 0, text.length, position);
    return { text: text.subarray(0, count), isComplete: length <= MOST_BYTES };
  } finally {
    closeSync(fd);
  }
}
