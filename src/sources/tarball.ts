import { copyFileSync, createWriteStream } from "node:fs";
import { join, posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { MusterError } from "../base/errors.ts";
import { type Archive, integrityOf, type Pinned, type WantedRuntime } from "../model/installation.ts";
import type { Origin, Source } from "./source.ts";

/** The source of gzipped tar archives that the operator provides, at an address or on the operator's machine. */
export const tarball: Source = { resolve, download, urls };

/** The maximum time in milliseconds for one download. */
const PATIENCE = 15 * 60 * 1000;

/** Returns the pinned version. Downloads nothing, because fleet.yaml already contains the digest. */
async function resolve({ name, version, digest = "", program = "" }: WantedRuntime): Promise<Pinned> {
  return {
    ...{ from: "tarball", package: name, version, program: posix.basename(program), file: program },
    archives: [{ name, version, integrity: integrityOf(digest), folder: "." }],
  };
}

async function download(archives: readonly Archive[], to: string, { addresses }: Origin): Promise<void> {
  const file = join(to, "archive");
  const reasons: string[] = [];
  for (const address of addresses) {
    try {
      return await copy(address, file);
    } catch (error) {
      reasons.push(`${address}: ${reasonOf(error)}`);
    }
  }
  const [{ name, version } = { name: "the tarball", version: "" }] = archives;
  throw new MusterError({ what: `${name} ${version} was not downloaded`, why: reasons.join("; ") });
}

async function copy(address: string, file: string): Promise<void> {
  if (!isUrl(address)) return copyFileSync(address, file);
  const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function urls(
  archives: readonly Archive[],
  { addresses }: Origin,
): Promise<Readonly<Record<string, string>>> {
  const url = addresses.find(isUrl);
  return url === undefined ? {} : Object.fromEntries(archives.map(({ integrity }) => [integrity, url]));
}

function isUrl(address: string): boolean {
  return /^https?:\/\//.test(address);
}
