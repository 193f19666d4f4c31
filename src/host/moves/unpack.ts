import { type ChildProcess, spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { UnpackAnswer, UnpackRequest } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { withResourceLock } from "../system/locks.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { place, stagingOf } from "./commit.ts";
import { type Home, homeOwner } from "./home.ts";
import { markOf, writeMark } from "./move-state.ts";
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

/** Gives up what a session began before. */
export function endUnpacking(move: string): void {
  unpackings.get(move)?.tar.kill("SIGKILL");
  unpackings.delete(move);
}

/** Makes the folder that the home is written to, where nothing stands, and starts what writes it. */
export function beginUnpacking(host: Host, home: Home, move: string): void {
  unpackings.set(move, startTar(host, home));
}

function startTar(host: Host, home: Home): Unpacking {
  const { uid, gid } = homeOwner(host, home);
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
    as: homeOwner(host, home),
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
