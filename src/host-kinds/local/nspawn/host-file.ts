import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `host.json`: written last when a host is made, so where it stands the host is whole. */
export interface HostFile {
  readonly name: string;
  /** The folder of the project that it belongs to. */
  readonly project: string;
  /** The base it was made from, as a folder name. */
  readonly base: string;
  readonly address: string;
  /** Public host keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** @returns undefined where there is no host, or one that was never finished; another project may just remove it */
export function readHostFile(hostDir: string): HostFile | undefined {
  try {
    return JSON.parse(readFileSync(join(hostDir, "host.json"), "utf8")) as HostFile;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Every finished host of every project in this cache, by id. */
export function allHosts(local: string): ReadonlyMap<string, HostFile> {
  const dir = join(local, "hosts");
  const ids = existsSync(dir) ? readdirSync(dir) : [];
  const entries = ids.map((id) => [id, readHostFile(join(dir, id))] as const);
  return new Map(entries.filter((entry): entry is [string, HostFile] => entry[1] !== undefined));
}
