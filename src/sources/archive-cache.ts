import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { MusterError } from "../base/errors.ts";
import { cacheDir } from "../base/muster-folders.ts";
import type { Archive, Integrity, Pinned } from "../model/installation.ts";
import { sourceOf } from "./registry.ts";
import type { Origin } from "./source.ts";

/**
 * Returns the folder of the archives on the operator's machine. The name of each archive is its digest in hex digits.
 */
function folder(): string {
  return join(cacheDir(), "archives");
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * Returns the path of each archive. Downloads and verifies missing archives first.
 *
 * @throws MusterError if an archive cannot be downloaded, or has a digest other than the pinned digest
 */
export function cachedArchives(
  { from }: Pinned,
  archives: readonly Archive[],
  origin: Origin,
): Promise<ReadonlyMap<Integrity, string>> {
  // One call runs at a time, so that later calls find archives in the cache. Hosts usually need the same archives.
  const next = turn.then(() => ensure(from, archives, origin));
  turn = next.catch(() => undefined);
  return next;
}

async function ensure(from: Pinned["from"], archives: readonly Archive[], origin: Origin) {
  const paths = new Map(archives.map(({ integrity }) => [integrity, join(folder(), hexOf(integrity))]));
  const missing = archives.filter(({ integrity }) => !existsSync(paths.get(integrity) ?? ""));
  if (missing.length === 0) return paths;
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  const temporary = mkdtempSync(join(folder(), ".new-"));
  try {
    await sourceOf(from).download(missing, temporary, origin);
    for (const name of readdirSync(temporary)) {
      const file = join(temporary, name);
      for (const integrity of [
        await integrityOfFile(file, "sha512"),
        await integrityOfFile(file, "sha256"),
      ]) {
        const path = paths.get(integrity);
        if (path !== undefined && !existsSync(path)) renameSync(file, path);
        if (path !== undefined) break;
      }
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  const other = missing.find(({ integrity }) => !existsSync(paths.get(integrity) ?? ""));
  if (other === undefined) return paths;
  throw new MusterError({
    what: `${other.name} ${other.version} was refused`,
    why: `the archive from ${from} has another digest than in fleet.lock.`,
    next: "Find out why before you pin the version again: the same version never has two digests.",
  });
}

async function integrityOfFile(file: string, algorithm: "sha512" | "sha256"): Promise<Integrity> {
  const sum = createHash(algorithm);
  await pipeline(createReadStream(file), sum);
  return `${algorithm}-${sum.digest("base64")}`;
}

function hexOf(integrity: Integrity): string {
  return Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
}
