import { createHash, type Hash } from "node:crypto";
import {
  appendFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { pipeline } from "node:stream/promises";
import { MusterError } from "../../base/errors.ts";
import type { Integrity } from "../../model/installation.ts";
import type { SupplyAnswer, SupplyRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";

/** An archive that this session receives. */
interface Arriving {
  readonly path: string;
  readonly sum: Hash;
}

const arriving = new Map<string, Arriving>();

/** Returns the folder with the archives of one session. No other session uses or removes this folder. */
export function sessionFolder(host: Host, session: number): string {
  return `${host.paths.archives}/${session}`;
}

/** Stores the next bytes of an archive. @throws MusterError if the complete archive has the wrong digest */
export function supply(host: Host, request: SupplyRequest): SupplyAnswer {
  const { integrity, isFirst, isLast } = request;
  const bytes = Buffer.from(request.bytes, "base64");
  if (isFirst) begin(host, integrity);
  const archive = arriving.get(integrity);
  if (archive === undefined) throw notIntact(integrity, "its first bytes were not sent");
  appendFileSync(archive.path, bytes);
  archive.sum.update(bytes);
  if (!isLast) return {};
  arriving.delete(integrity);
  if (archive.sum.digest("base64") !== integrity.slice("sha512-".length)) {
    rmSync(archive.path, { force: true });
    throw notIntact(integrity, "the bytes that arrived have another digest");
  }
  renameSync(archive.path, archivePath(sessionFolder(host, process.pid), integrity));
  return {};
}

function begin(host: Host, integrity: string): void {
  const folder = sessionFolder(host, process.pid);
  const path = partialPath(folder, integrity);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, "", { mode: 0o600 });
  arriving.set(integrity, { path, sum: hashOf(integrity) });
}

/** Returns the path of an archive in a folder. @throws MusterError if `integrity` has an invalid form */
export function archivePath(folder: string, integrity: string): string {
  return `${folder}/${hexOf(integrity)}`;
}

/** Returns the path of an archive that is not complete yet. */
export function partialPath(folder: string, integrity: string): string {
  return `${archivePath(folder, integrity)}.part`;
}

function hexOf(integrity: string): string {
  const [, name, base64 = ""] = /^(sha512|sha256)-([A-Za-z0-9+/]+=*)$/.exec(integrity) ?? [];
  const hex = Buffer.from(base64, "base64").toString("hex");
  if (hex.length === { sha512: 128, sha256: 64 }[name ?? ""]) return hex;
  throw new MusterError({ what: "an archive", why: `${JSON.stringify(integrity)} is not a digest` });
}

export function hashOf(integrity: string): Hash {
  return createHash(integrity.startsWith("sha256-") ? "sha256" : "sha512");
}

/** Whether a folder contains an archive with the pinned digest. */
export async function isIntact(folder: string, integrity: Integrity): Promise<boolean> {
  const path = archivePath(folder, integrity);
  if (!existsSync(path)) return false;
  const sum = hashOf(integrity);
  await pipeline(createReadStream(path), sum);
  return sum.digest("base64") === integrity.slice("sha512-".length);
}

function notIntact(integrity: string, why: string): MusterError {
  return new MusterError({
    what: `the archive ${integrity.slice(0, 20)}… was refused`,
    why: `${why}.`,
    next: "Run `npx pulumi up` again, which sends it again.",
  });
}
