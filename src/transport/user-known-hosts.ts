import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { destination } from "./ssh-arguments.ts";
import type { Target } from "./target.ts";

const run = promisify(execFile);

/** The maximum number of milliseconds for a program that only reads files. */
const TIMEOUT = 10_000;

/**
 * Returns a host's keys from the known_hosts files of the user and of this machine, such as `ssh-ed25519 AAAA…`. ssh
 * itself determines the files and the host name to use.
 */
export async function keysKnownToUser(target: Target): Promise<string[]> {
  const config = await configOf(target);
  const files = ["userknownhostsfile", "globalknownhostsfile"].flatMap((key) =>
    (config.get(key) ?? "").split(" "),
  );
  const found = await Promise.all(files.filter(isFile).map((file) => keysIn(file, nameIn(config))));
  return [...new Set(found.flat())];
}

function isFile(path: string): boolean {
  return path !== "" && path !== "none" && path !== "/dev/null";
}

async function configOf(target: Target): Promise<ReadonlyMap<string, string>> {
  const port = target.port === undefined ? [] : ["-p", `${target.port}`];
  const lines = await outputOf("ssh", ["-G", ...port, "--", destination(target)]);
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(" ");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Returns the name under which ssh searches for a host's key; see `-F` in ssh-keygen(1). */
function nameIn(config: ReadonlyMap<string, string>): string {
  const name = config.get("hostkeyalias") ?? config.get("hostname") ?? "";
  const port = config.get("port") ?? "22";
  return config.has("hostkeyalias") || port === "22" ? name : `[${name}]:${port}`;
}

async function keysIn(file: string, name: string): Promise<string[]> {
  const path = file.replace(/^~(?=\/)/, homedir());
  const lines = await outputOf("ssh-keygen", ["-F", name, "-f", path]);
  return lines.flatMap((line) => {
    // A line with a marker contains the key of a certificate authority or a revoked key.
    const [first = "", type, key] = line.split(" ");
    return /^[#@]/.test(first) || !type || !key ? [] : [`${type} ${key}`];
  });
}

/**
 * Returns the lines that a program prints. Returns no lines if the program fails, for example because a file does not
 * exist.
 */
async function outputOf(program: string, args: readonly string[]): Promise<string[]> {
  try {
    const { stdout } = await run(program, args, { timeout: TIMEOUT });
    return stdout.split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}
