import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The content of the `host.json` of a host. This file is written last, so a host with this file is complete.
 */
export interface HostFile {
  readonly name: string;
  /** The absolute path of the project to which the host belongs. */
  readonly project: string;
  /** The folder name of the base that the host uses. */
  readonly base: string;
  readonly address: string;
  /** Public host keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/**
 * Reads a host's `host.json`.
 *
 * @returns undefined if the host does not exist, is incomplete or is being removed
 */
export function readHostFile(hostDir: string): HostFile | undefined {
  try {
    return JSON.parse(readFileSync(join(hostDir, "host.json"), "utf8")) as HostFile;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/**
 * Returns the complete hosts of all projects in a cache, by ID. Incomplete hosts are omitted.
 *
 * @param local the path of `<cache>/local`
 */
export function allHosts(local: string): ReadonlyMap<string, HostFile> {
  const dir = join(local, "hosts");
  const ids = existsSync(dir) ? readdirSync(dir) : [];
  const entries = ids.map((id) => [id, readHostFile(join(dir, id))] as const);
  return new Map(entries.filter((entry): entry is [string, HostFile] => entry[1] !== undefined));
}
