import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";

/**
 * The text of a file. If the file cannot be used, `flaw` contains the reason, and `at` is the offset of the problem in
 * `text`.
 */
export interface TextFile {
  readonly text: string;
  readonly flaw?: { readonly sentence: string; readonly at: number };
}

/**
 * Reads a text file. The file must be a regular file with UTF-8 text, and must not contain a NUL character. A byte
 * order mark is kept in the text, because identity files must be written byte for byte.
 *
 * @param most the maximum size in bytes
 * @param next the next step that the error recommends if the file is larger
 */
export function readTextFile(path: string, most: number, next?: string): TextFile {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return flawed("is not a regular file");
    if (stat.size > most) {
      return flawed(`is larger than ${most / 1024} KiB${next === undefined ? "" : `: ${next}`}`);
    }
    return decode(readFileSync(path));
  } catch (error) {
    return flawed(whyUnread(error));
  }
}

function flawed(sentence: string, text = "", at = 0): TextFile {
  return { text, flaw: { sentence, at: Math.max(at, 0) } };
}

function decode(bytes: Uint8Array): TextFile {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (!isUtf8(bytes)) {
    return flawed("is not UTF-8 text: save it as UTF-8", text, text.indexOf("\ufffd"));
  }
  if (text.includes("\0")) return flawed("contains a NUL character", text, text.indexOf("\0"));
  return { text };
}

/** Returns the reason why a file could not be read, as a sentence without a subject. */
export function whyUnread(cause: unknown): string {
  const error = cause as NodeJS.ErrnoException;
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return "does not exist";
  if (error.code === "EACCES") return "cannot be read: permission denied";
  return `cannot be read (${error.code ?? error.message})`;
}
