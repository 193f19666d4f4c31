import { type ChildProcess, spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import {
  MOVE_CHUNK,
  type PackAnswer,
  type PackRequest,
  type UnpackAnswer,
  type UnpackRequest,
} from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { placeHome, stagingPath } from "./complete-or-cancel.ts";
import { type Home, homeOwner, moveHomeOf, readMark, writeMark } from "./move-state.ts";

/**
 * A home that is being packed. A tar process packs the home with the agent's rights. The process is only as fast as the
 * other host requests the data.
 */
interface Packing {
  readonly tar: ChildProcess;
  readonly end: Promise<TarEnd>;
  readonly parts: AsyncIterator<Buffer>;
  readonly sum: Hash;
  /** Bytes that were read but have not been sent yet. */
  rest: Buffer;
}

const packings = new Map<string, Packing>();

/** Returns the next bytes of the home. The last answer also contains the checksum of all bytes. */
export async function pack(host: Host, request: PackRequest): Promise<PackAnswer> {
  const { id, move, first } = request;
  if (first) beginPacking(host, request);
  const packing = packings.get(move);
  if (packing === undefined) throw new MusterError({ what: id, why: "its home is not being packed." });
  const bytes = await readChunk(packing);
  packing.sum.update(bytes);
  const base64 = bytes.toString("base64");
  if (bytes.length === MOVE_CHUNK) return { bytes: base64 };
  packings.delete(move);
  const { code, message } = await packing.end;
  if (code !== 0) throw cannotPack(id, message);
  return { bytes: base64, sum: packing.sum.digest("hex") };
}

function beginPacking(host: Host, { id, owner, move }: PackRequest): void {
  const known = findRecord(readRecords(host), id, owner);
  const home = known?.owner === owner ? moveHomeOf(id, known.items) : undefined;
  const mark = home && readMark(host, home.agent);
  if (home === undefined || mark?.move !== move || mark.state !== "leaving") {
    throw new MusterError({ what: id, why: "it is not moving away from this host." });
  }
  packings.get(move)?.tar.kill("SIGKILL");
  packings.set(move, startPacking(host, home));
}

/** Starts the tar process with the agent's rights. The tar process opens the home itself. */
function startPacking(host: Host, home: Home): Packing {
  const { uid, gid } = homeOwner(host, home);
  const tar = spawn(
    "tar",
    ["--create", "--format=posix", "--sparse", "--file=-", `--directory=${home.path}`, "."],
    {
      cwd: "/",
      env: ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
      ...(process.geteuid?.() === 0 && { uid, gid }),
    },
  );
  const parts = tar.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return { tar, end: endOf(tar), parts, sum: createHash("sha256"), rest: Buffer.alloc(0) };
}

/** Reads a full chunk, or the rest of the home if the rest is shorter. */
async function readChunk(packing: Packing): Promise<Buffer> {
  const gathered = [packing.rest];
  let length = packing.rest.length;
  while (length < MOVE_CHUNK) {
    const { done, value } = await packing.parts.next();
    if (done) break;
    gathered.push(value);
    length += value.length;
  }
  const all = Buffer.concat(gathered);
  packing.rest = all.subarray(MOVE_CHUNK);
  return all.subarray(0, MOVE_CHUNK);
}

function cannotPack(id: string, message: string): MusterError {
  return new MusterError({
    what: `${id}: its home cannot be packed`,
    why: `${message}.`,
    next: "The agent must be able to read all files in its home: repair or remove the files that it cannot read, then run `npx pulumi up` again.",
  });
}

/**
 * A home that is being unpacked by a tar process with the agent's rights. The home is in a staging folder. Only root
 * can rename this folder.
 */
interface Unpacking {
  readonly home: Home;
  readonly tar: ChildProcess;
  readonly end: Promise<TarEnd>;
  readonly sum: Hash;
  ended?: TarEnd;
}

const unpackings = new Map<string, Unpacking>();

/** Stops the unpacking that an earlier request of this session has begun for the move, if any. */
export function endUnpacking(move: string): void {
  unpackings.get(move)?.tar.kill("SIGKILL");
  unpackings.delete(move);
}

/** Creates the staging folder, which must not exist yet, and starts the tar process that writes to it. */
export function beginUnpacking(host: Host, home: Home, move: string): void {
  unpackings.set(move, startUnpacking(host, home));
}

function startUnpacking(host: Host, home: Home): Unpacking {
  const { uid, gid } = homeOwner(host, home);
  const isRoot = process.geteuid?.() === 0;
  const staging = stagingPath(home.path);
  // All users can traverse this folder, but only the agent can use the folder in it.
  mkdirSync(dirname(staging), { mode: 0o711 });
  mkdirSync(staging, { mode: 0o700 });
  chmodSync(dirname(staging), 0o711);
  if (isRoot) chownSync(staging, uid, gid);
  const tar = spawn("tar", ["--extract", "--same-permissions", "--file=-", `--directory=${staging}`], {
    cwd: "/",
    env: ENVIRONMENT,
    stdio: ["pipe", "ignore", "pipe"],
    ...(isRoot && { uid, gid }),
  });
  // If the tar process exits early, `endOf` reports why.
  tar.stdin.on("error", () => {});
  const unpacking: Unpacking = { home, tar, end: endOf(tar), sum: createHash("sha256") };
  void unpacking.end.then((end) => {
    unpacking.ended = end;
  });
  return unpacking;
}

/**
 * Unpacks the next bytes. After the last bytes, checks the checksum of all bytes and moves the home to its final path.
 */
export async function unpack(host: Host, { id, move, bytes, sum }: UnpackRequest): Promise<UnpackAnswer> {
  const unpacking = unpackings.get(move);
  if (unpacking === undefined || unpacking.home.agent !== agentOf(id)) {
    throw new MusterError({ what: id, why: "it is not moving to this host." });
  }
  const part = Buffer.from(bytes, "base64");
  unpacking.sum.update(part);
  await Promise.race([writeToTar(unpacking, part), unpacking.end]);
  if (unpacking.tar.exitCode !== null && unpacking.tar.exitCode !== 0)
    throw await cannotUnpack(id, move, unpacking);
  if (sum === undefined) return { aside: [] };
  unpacking.tar.stdin?.end();
  const { code } = await unpacking.end;
  unpackings.delete(move);
  if (code !== 0) throw await cannotUnpack(id, move, unpacking);
  if (unpacking.sum.digest("hex") !== sum) throw checksumMismatch(id);
  syncHome(host, unpacking.home);
  return withResourceLock(host, id, () => placeUnpacked(host, unpacking.home, move));
}

function placeUnpacked(host: Host, home: Home, move: string): UnpackAnswer {
  const mark = readMark(host, home.agent);
  if (mark?.move !== move || mark.state !== "arriving") {
    throw new MusterError({ what: home.agent, why: "another run is moving it." });
  }
  return { aside: placeHome(host, home, writeMark(host, { ...mark, state: "placing" })) };
}

function writeToTar({ tar }: Unpacking, part: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!tar.stdin?.writable) resolve();
    else if (tar.stdin.write(part)) resolve();
    else tar.stdin.once("drain", resolve);
  });
}

/** Syncs the home to the disk, because a home that is reported as arrived must survive a power failure. */
function syncHome(host: Host, home: Home): void {
  const done = host.run("sync", ["--file-system", stagingPath(home.path)], {
    as: homeOwner(host, home),
    timeout: 280,
  });
  if (done.status !== 0) throw new MusterError({ what: home.path, why: done.stderr.trim() || "sync failed" });
}

async function cannotUnpack(id: string, move: string, { end }: Unpacking): Promise<MusterError> {
  unpackings.delete(move);
  const { message } = await end;
  return new MusterError({
    what: `${id}: its home cannot be unpacked`,
    why: `${message}.`,
    next: "Fix the cause on the host, then run `npx pulumi up` again.",
  });
}

function checksumMismatch(id: string): MusterError {
  return new MusterError({
    what: `${id}: the transferred home is corrupt`,
    why: "its checksum does not match.",
    next: "Run `npx pulumi up` again.",
  });
}

/** The end of a tar process. */
interface TarEnd {
  readonly code: number | null;
  /** The last lines of tar's standard error or, if there are none, why tar has ended. */
  readonly message: string;
}

/** The maximum number of characters that are kept of a tar process's standard error. */
const KEPT = 2000;

/** Resolves when the tar process has ended, or could not be started. */
function endOf(tar: ChildProcess): Promise<TarEnd> {
  let output = "";
  tar.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-KEPT);
  });
  const lines = () => output.trim().split("\n").slice(-3).join("; ");
  return new Promise((resolve) => {
    tar.once("error", (error) => resolve({ code: null, message: error.message }));
    tar.once("close", (code) => resolve({ code, message: lines() || `tar exited with status ${code}` }));
  });
}
