import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { InvalidError } from "../base/errors.ts";
import { sshEnvironment } from "./channel.ts";
import { channelArguments, type Sharing } from "./ssh-arguments.ts";
import type { Target } from "./target.ts";

const run = promisify(execFile);

/** The number of seconds for which a connection stays open after its last use, unless MUSTER_SSH_PERSIST is set. */
const SECONDS = 60;

/** The maximum number of milliseconds for `ssh -G`, which only reads files. */
const TIMEOUT = 10_000;

/** The length of a socket's name. */
const NAME = 24;

/**
 * The maximum length of the folder's path. The shortest limit of a system for the path of a socket is 103 bytes. While
 * ssh creates a socket, it adds 17 characters to the path.
 */
const LONGEST_FOLDER = 103 - 17 - NAME - 1;

/**
 * Returns how the connection to a host is shared with other commands. Returns undefined if it must not be shared:
 * - The platform must be able to withdraw the key of a tenant or reader at once, so gates are not shared.
 * - A host without a known key must prove its identity first.
 * - This machine has no private folder for the socket.
 *
 * @throws InvalidError if MUSTER_SSH_PERSIST is invalid
 */
export async function sharingOf(target: Target): Promise<Sharing | undefined> {
  const seconds = secondsToStayOpen();
  if (seconds === 0 || target.gate || target.hostKeys.length === 0) return undefined;
  const folder = privateFolder();
  const name = folder && (await identityOf(target));
  return folder && name ? { socket: join(folder, name), seconds } : undefined;
}

/**
 * Returns the number of seconds for which a connection stays open after its last use. 0 means that each connection is
 * closed at the end of its command.
 *
 * @throws InvalidError if MUSTER_SSH_PERSIST is invalid
 */
export function secondsToStayOpen(): number {
  const text = process.env["MUSTER_SSH_PERSIST"];
  if (text === undefined || text === "") return SECONDS;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidError({
    what: "the environment variable MUSTER_SSH_PERSIST is invalid",
    why: `"${text}" is not a number of seconds.`,
    next: "Set it to the number of seconds for which connections stay open, or to 0 to close each connection at once.",
  });
}

/**
 * Returns a folder that only this user can use, and creates it if necessary. Returns undefined if another user has
 * created the folder, or can use it.
 */
function privateFolder(): string | undefined {
  const uid = process.getuid?.();
  const parents = [process.env["XDG_RUNTIME_DIR"], "/tmp"].filter((dir) => dir?.startsWith("/"));
  const folders = parents.map((dir) => `${dir}/muster-ssh-${uid}`);
  return folders.find((path) => path.length <= LONGEST_FOLDER && isPrivate(path, uid));
}

function isPrivate(path: string, uid: number | undefined): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch {
    // The folder already exists or cannot be created. The check below finds out.
  }
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o077) === 0;
}

/**
 * Returns a name for everything that determines a connection: all options of ssh, also those in ssh_config, such as the
 * address, the user and the jump host; the pinned host keys; the files of the login's keys; and the SSH agent. Commands
 * share a connection only if they have the same name for it.
 *
 * @returns undefined if ssh does not accept the options; the attempt to connect then reports the reason
 */
async function identityOf(target: Target): Promise<string | undefined> {
  const args = channelArguments(target, { knownHostsFile: "/dev/null", learn: false, remoteCommand: "" });
  const env = sshEnvironment();
  try {
    const { stdout } = await run("ssh", ["-G", ...args], { env, timeout: TIMEOUT });
    const keys = [...stdout.matchAll(/^(?:identity|certificate)file (.+)$/gm)].map(([, path = ""]) => path);
    const all = [stdout, target.hostKeys, keys.map(versionOf), env["SSH_AUTH_SOCK"]];
    return createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, NAME);
  } catch {
    return undefined;
  }
}

/** Returns a text that changes when a file is replaced. */
function versionOf(path: string): string | undefined {
  const file = path.replace(/^~(?=\/)/, homedir()).replaceAll("%%", "%");
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}
