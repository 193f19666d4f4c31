import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../base/files.ts";
import type { Contents } from "../model/items.ts";

/**
 * The number of milliseconds without use after which a file is deleted. No run of another stack can still read such a
 * file.
 */
const UNUSED_MS = 24 * 60 * 60 * 1000;

/**
 * Stores the file contents of this run in a folder in which the provider finds each content by its digest. The
 * resources' inputs and the state therefore contain only digests. Deletes contents that no run has used for a day.
 */
export function keepContents(project: string, contents: Contents): void {
  const folder = join(project, ".muster", "contents");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [digest, text] of Object.entries(contents)) {
    keep(join(folder, digest.slice("sha256:".length)), text);
  }
  for (const name of readdirSync(folder)) dropUnused(join(folder, name));
}

function keep(file: string, text: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    writeFileAtomic(file, text, 0o600);
  }
}

function dropUnused(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat !== undefined && Date.now() - stat.mtimeMs > UNUSED_MS) rmSync(file, { force: true });
}
