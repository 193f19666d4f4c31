import { type ChildProcess, spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { MusterError } from "../../base/errors.ts";
import { MOVE_CHUNK, type PackAnswer, type PackRequest } from "../../model/move.ts";
import type { Host } from "../context.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { type Home, homeOwner, moveHomeOf } from "./home.ts";
import { markOf } from "./move-state.ts";
import { endOf, type TarEnd } from "./tar.ts";

/** A home that is read by a tar with its agent's rights alone, as far as the other side takes it. */
interface Packing {
  readonly tar: ChildProcess;
  readonly end: Promise<TarEnd>;
  readonly parts: AsyncIterator<Buffer>;
  readonly sum: Hash;
  /** Read and not given yet. */
  rest: Buffer;
}

const packings = new Map<string, Packing>();

/** The next bytes of the home; with the last ones their sum. */
export async function pack(host: Host, request: PackRequest): Promise<PackAnswer> {
  const { id, move, first } = request;
  if (first) begin(host, request);
  const packing = packings.get(move);
  if (packing === undefined) throw new MusterError({ what: id, why: "its home is not being packed." });
  const bytes = await take(packing);
  packing.sum.update(bytes);
  const base64 = bytes.toString("base64");
  if (bytes.length === MOVE_CHUNK) return { bytes: base64 };
  packings.delete(move);
  const { code, said } = await packing.end;
  if (code !== 0) throw unpackable(id, said);
  return { bytes: base64, sum: packing.sum.digest("hex") };
}

function begin(host: Host, { id, owner, move }: PackRequest): void {
  const known = findRecord(readRecords(host), id, owner);
  const home = known?.owner === owner ? moveHomeOf(id, known.items) : undefined;
  const mark = home && markOf(host, home.agent);
  if (home === undefined || mark?.move !== move || mark.state !== "leaving") {
    throw new MusterError({ what: id, why: "it is not about to leave this host." });
  }
  packings.get(move)?.tar.kill("SIGKILL");
  packings.set(move, startTar(host, home));
}

/** The folder is opened by the tar itself: with the agent's rights, as all that is in it. */
function startTar(host: Host, home: Home): Packing {
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

/** A whole chunk, or all that is left. */
async function take(packing: Packing): Promise<Buffer> {
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

function unpackable(id: string, said: string): MusterError {
  return new MusterError({
    what: `${id}: its home cannot be packed`,
    why: `${said}.`,
    next: "What its agent itself cannot read does not move: mend or remove that on the host, then run it again.",
  });
}
