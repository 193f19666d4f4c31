import { createHash } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { writeFileAtomic } from "../base/files.ts";
import { cacheDir } from "../base/muster-folders.ts";

/** A gzipped file to send to a host. */
export interface Packed {
  readonly path: string;
  /** The size of the gzipped file in bytes. */
  readonly size: number;
  /** The SHA-256 of the unpacked bytes, in hex. */
  readonly sha256: string;
}

const running = new Map<string, Promise<Packed>>();

/**
 * Returns the gzipped copy of a file in the cache. Creates the copy when it is first needed. If several runs create the
 * copy at the same time, only one copy is kept.
 *
 * @param name the name of the copy, which must identify the content of the file, such as `node-24.21.0-x86_64`
 */
export function packed(file: string, name: string): Promise<Packed> {
  const path = join(cacheDir(), "transport", `${name}.gz`);
  const found = running.get(path) ?? pack(file, path);
  running.set(path, found);
  found.catch(() => running.delete(path));
  return found;
}

async function pack(file: string, path: string): Promise<Packed> {
  const sumFile = `${path}.sha256`;
  if (!existsSync(path) || !existsSync(sumFile)) writeFileAtomic(sumFile, await gzip(file, path));
  return { path, size: statSync(path).size, sha256: readFileSync(sumFile, "utf8") };
}

/** Writes a gzipped copy of a file. @returns the SHA-256 of the unpacked bytes, in hex */
async function gzip(file: string, path: string): Promise<string> {
  const temporary = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  const sum = createHash("sha256");
  const summing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(createReadStream(file), summing, createGzip(), createWriteStream(temporary));
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return sum.digest("hex");
}
