import { type Format, Unmergeable } from "../../../settings/format.ts";
import { parseKeys } from "../../../settings/merge.ts";
import type { Tree } from "../../../settings/values.ts";
import type { Entry } from "../../fs/open-without-symlinks.ts";
import { readEntry } from "../../fs/read.ts";
import { pause } from "../../system/error-reason.ts";

/** The maximum number of times that a file is read again because its agent is writing it. */
export const TRIES = 5;

/** The time in milliseconds that a program needs to write a file. */
export const PAUSE = 20;

/** A settings file that was read and parsed. */
export interface SettingsFile {
  readonly bytes: Buffer;
  readonly text: string;
  readonly found: Tree;
}

/**
 * Reads and parses a file. A file that is empty or cannot be parsed is read again after a pause. If the file has
 * changed meanwhile, because the agent is writing it, the file is also parsed again.
 *
 * @throws Unmergeable
 */
export function readKeys(format: Format, entry: Entry, triesLeft = TRIES): SettingsFile {
  const bytes = readBytes(entry);
  const read = parsedKeys(format, bytes);
  if (!("failure" in read) && bytes.length > 0) return read;
  pause(PAUSE);
  if (triesLeft > 0 && !readBytes(entry).equals(bytes)) return readKeys(format, entry, triesLeft - 1);
  if ("failure" in read) throw read.failure;
  return read;
}

function readBytes(entry: Entry): Buffer {
  const bytes = readEntry(entry);
  if (bytes === undefined) throw new Unmergeable("is too large to be merged");
  return bytes;
}

function parsedKeys(format: Format, bytes: Buffer): SettingsFile | { readonly failure: Unmergeable } {
  try {
    const text = textOf(bytes, format);
    return { bytes, text, found: parseKeys(format, text) };
  } catch (error) {
    if (error instanceof Unmergeable) return { failure: error };
    throw error;
  }
}

function textOf(bytes: Buffer, { name }: Format): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unmergeable(`is not valid ${name}: it is not UTF-8 text`);
  }
}
