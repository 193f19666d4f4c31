import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files.ts";
import { cacheDir } from "../../base/muster-folders.ts";

/** The version of the cache. Increase this version after a change that converts a YAML text to different values. */
const FORMAT = 1;

const MOST_FILES = 40;

/**
 * Returns the plain values of a YAML text, if an earlier run found the text to be valid. The parser takes 60 ms for 100
 * agents, and the cache takes 1 ms.
 *
 * @returns undefined if the cache does not contain the text
 */
export function recall(text: string): unknown {
  try {
    return JSON.parse(readFileSync(fileFor(text), "utf8"));
  } catch {
    return undefined;
  }
}

/** Saves the values of a valid text. If the cache cannot be written, the next run parses the text again. */
export function remember(text: string, value: unknown): void {
  try {
    writeFileAtomic(fileFor(text), JSON.stringify(value), 0o600);
    forgetOldest();
  } catch {
    return;
  }
}

function folder(): string {
  return join(cacheDir(), "yaml");
}

function fileFor(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  return join(folder(), `${FORMAT}-${digest}.json`);
}

function forgetOldest(): void {
  const files = readdirSync(folder()).map((name) => join(folder(), name));
  const aged = files.map((file) => ({ file, time: statSync(file).mtimeMs }));
  const oldest = aged.sort((a, b) => b.time - a.time).slice(MOST_FILES);
  for (const { file } of oldest) rmSync(file, { force: true });
}
