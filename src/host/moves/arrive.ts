import { type ChildProcess, spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { Items } from "../../model/items.ts";
import {
  type ArriveAnswer,
  type ArriveRequest,
  agentOf,
  type MoveMark,
  type UnpackAnswer,
  type UnpackRequest,
} from "../../model/move.ts";
import type { Host } from "../context.ts";
import { converge } from "../converge.ts";
import { withResourceLock } from "../lock.ts";
import { ENVIRONMENT } from "../run.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { type Home, homeOf, ownerOf } from "./home.ts";
import { markOf, writeMark } from "./marks.ts";
import { clearStaging, place, stagingOf } from "./place.ts";
import { endOf, type TarEnd } from "./tar.ts";

/** A home that is written by a tar with its agent's rights alone, in a folder that only root can put in place. */
interface Unpacking {
  readonly home: Home;
  readonly tar: ChildProcess;
  readonly end: Promise<TarEnd>;
  readonly sum: Hash;
  ended?: TarEnd;
}

const unpackings = new Map<string, Unpacking>();

/** Makes room for a home: its user, and a folder beside the place where it will be. */
export function arrive(host: Host, request: ArriveRequest): ArriveAnswer {
  const home = homeOf(request.id, request.items);
  const mark = withResourceLock(host, request.id, () => awaitHome(host, request, home));
  if (mark === undefined) return { state: "lives" };
  makeAccounts(host, request);
  if (request.move === undefined) return { state: mark.state === "arrived" ? "arrived" : "open" };
  return withResourceLock(host, request.id, () => open(host, request, home, request.move ?? ""));
}

/** Notes that the agent comes; undefined where it lives here. The note stands before anything of it does. */
function awaitHome(
  host: Host,
  { id, owner, from }: ArriveRequest,
  { agent, path }: Home,
): MoveMark | undefined {
  const before = markOf(host, agent);
  const isKnown = findRecord(readRecords(host), id, owner) !== undefined;
  if (before === undefined ? isKnown : before.state === "leaving") return undefined;
  if (before !== undefined && before.state !== "gone") return before;
  return writeMark(host, coming(from, "", { agent, path }, before?.state === "gone"));
}

/** Whom its home is to belong to. The record, by which all of it can be removed, becomes whole when it has arrived. */
function makeAccounts(host: Host, { id, type, owner, items }: ArriveRequest): void {
  if (findRecord(readRecords(host), id, owner)?.owner === owner) return;
  const accounts = Object.entries(items).filter(([, { kind }]) => kind === "user");
  const only: Items = Object.fromEntries(accounts);
  converge(host, { op: "converge", id, type, owner, items: only, contents: {}, secrets: {} });
}

function coming(
  other: string,
  move: string,
  { agent, path }: Pick<Home, "agent" | "path">,
  isStale: boolean,
): MoveMark {
  const since = new Date().toISOString();
  return { agent, state: "arriving", move, other, since, home: path, ...(isStale && { isStale }) };
}

function open(host: Host, { from }: ArriveRequest, home: Home, move: string): ArriveAnswer {
  const mark = markOf(host, home.agent);
  if (mark?.move === move && mark.state === "arrived") return { state: "arrived" };
  if (mark?.move === move && mark.state === "placing") {
    place(host, home, mark);
    return { state: "arrived" };
  }
  // What came by another move never lived here.
  const hasCopy = mark?.isStale === true || mark?.state === "arrived";
  writeMark(host, coming(from, move, home, hasCopy));
  unpackings.get(move)?.tar.kill("SIGKILL");
  clearStaging(host, home.path);
  unpackings.set(move, startTar(host, home));
  return { state: "open" };
}

function startTar(host: Host, home: Home): Unpacking {
  const { uid, gid } = ownerOf(host, home);
  const isRoot = process.geteuid?.() === 0;
  const staging = stagingOf(home.path);
  // Others may pass through to what they have rights on, and this is the agent's alone.
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
  // Where it ends early, its end tells why.
  tar.stdin.on("error", () => {});
  const unpacking: Unpacking = { home, tar, end: endOf(tar), sum: createHash("sha256") };
  void unpacking.end.then((end) => {
    unpacking.ended = end;
  });
  return unpacking;
}

/** Takes the next bytes, and after the last ones puts the home in its place, whole or not at all. */
export async function unpack(host: Host, { id, move, bytes, sum }: UnpackRequest): Promise<UnpackAnswer> {
  const unpacking = unpackings.get(move);
  if (unpacking === undefined || unpacking.home.agent !== agentOf(id)) {
    throw new MusterError({ what: id, why: "it is not about to come to this host." });
  }
  const part = Buffer.from(bytes, "base64");
  unpacking.sum.update(part);
  await Promise.race([write(unpacking, part), unpacking.end]);
  if (unpacking.tar.exitCode !== null && unpacking.tar.exitCode !== 0)
    throw await failed(id, move, unpacking);
  if (sum === undefined) return { aside: [] };
  unpacking.tar.stdin?.end();
  const { code } = await unpacking.end;
  unpackings.delete(move);
  if (code !== 0) throw await failed(id, move, unpacking);
  if (unpacking.sum.digest("hex") !== sum) throw torn(id);
  flush(host, unpacking.home);
  return withResourceLock(host, id, () => putInPlace(host, unpacking.home, move));
}

function putInPlace(host: Host, home: Home, move: string): UnpackAnswer {
  const mark = markOf(host, home.agent);
  if (mark?.move !== move || mark.state !== "arriving") {
    throw new MusterError({ what: home.agent, why: "another run moves it." });
  }
  return { aside: place(host, home, writeMark(host, { ...mark, state: "placing" })) };
}

function write({ tar }: Unpacking, part: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!tar.stdin?.writable) resolve();
    else if (tar.stdin.write(part)) resolve();
    else tar.stdin.once("drain", resolve);
  });
}

/** What is told to have arrived stays so when the power fails. */
function flush(host: Host, home: Home): void {
  const done = host.run("sync", ["--file-system", stagingOf(home.path)], {
    as: ownerOf(host, home),
    timeout: 280,
  });
  if (done.status !== 0) throw new MusterError({ what: home.path, why: done.stderr.trim() || "sync failed" });
}

async function failed(id: string, move: string, { end }: Unpacking): Promise<MusterError> {
  unpackings.delete(move);
  const { said } = await end;
  return new MusterError({
    what: `${id}: its home cannot be unpacked`,
    why: `${said}.`,
    next: "Mend that on the host, then run it again.",
  });
}

function torn(id: string): MusterError {
  return new MusterError({
    what: `${id}: its home did not come whole`,
    why: "its bytes are not those that were sent.",
    next: "Run it again.",
  });
}
