import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { InvalidError } from "../../../base/errors.ts";
import type { InventoryHost } from "../../../inventory/inventory-host.ts";
import { readHosts } from "../../../inventory/read-inventory.ts";
import { forgetHost, pinHost, renameHost } from "../../../inventory/write-inventory.ts";
import { localHosts } from "../nspawn/index.ts";

/** The local hosts of this machine, by name; each is in the inventory as long as it exists. */
export interface LocalHostControl {
  state(host: string): "absent" | "stopped" | "running";
  /** Makes the host and boots it; an existing one is kept as it is. */
  create(host: string, progress: (line: string) => void): Promise<void>;
  boot(host: string): Promise<void>;
  /** Gives a host another name; its machine is left as it is, running or not. */
  rename(from: string, to: string): void;
  /** Removes it completely; it is a success where there is none. */
  remove(host: string): Promise<void>;
}

/** The project's own key for its local hosts. */
const KEY = join(".muster", "ssh", "id_ed25519");

/** The local hosts of a project; each that is made or booted is written into the inventory. */
export function manageLocalHosts(project: string): LocalHostControl {
  const hosts = localHosts(project);
  const machine = (host: string) => machineOf(readHosts(project, "local"), host);
  const up = async (host: string, progress?: (line: string) => void) => {
    const other = takenBy(readHosts(project, "local"), host);
    if (other !== undefined) throw taken(host, other);
    const name = machine(host);
    const { address, hostKeys } = await hosts.create(
      { name, publicKey: await ensureLocalKey(project) },
      progress,
    );
    const way = { address, user: "root", identityFile: join(project, KEY), hostKeys };
    pinHost(project, "local", host, name === host ? way : { ...way, machine: name });
  };
  return {
    state: (host) => hosts.state(machine(host)),
    create: up,
    boot: up,
    rename: (from, to) => renameHost(project, "local", from, to),
    remove: async (host) => {
      const name = machine(host);
      // Forgotten before it is removed: a run that is killed in between would otherwise leave its entry for ever.
      await hosts.stop(name);
      forgetHost(project, "local", host);
      await hosts.remove(name);
    },
  };
}

function taken(host: string, other: string): InvalidError {
  const why = `the machine of ${other}, which was renamed, has this name.`;
  return new InvalidError({ where: host, what: "it cannot be made", why, next: "Choose another name." });
}

/** Many hosts are made at once, and the key once for all of them. */
const making = new Map<string, Promise<void>>();

/** @returns the public half of the project's key pair, which is made where there is none */
export async function ensureLocalKey(project: string): Promise<string> {
  const file = join(project, KEY);
  mkdirSync(join(project, ".muster", "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(`${file}.pub`)) {
    const made = making.get(file) ?? makeKey(file);
    making.set(file, made);
    await made;
  }
  return readFileSync(`${file}.pub`, "utf8").trim();
}

/**
 * The public half appears last and complete, so that the pair can be used once it is there. A killed run may leave half
 * of a pair, which is useless, and ssh-keygen would ask whether to overwrite it.
 */
async function makeKey(file: string): Promise<void> {
  const made = `${file}.new`;
  for (const half of [made, `${made}.pub`]) rmSync(half, { force: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "muster", "-f", made]);
  renameSync(made, file);
  renameSync(`${made}.pub`, `${file}.pub`);
}

type KnownHosts = ReadonlyMap<string, InventoryHost>;

/** The machine of a local host: it keeps the name that the host had when it was made. */
export function machineOf(local: KnownHosts, host: string): string {
  return local.get(host)?.machine ?? host;
}

/** The host of another name whose machine a host of this name would take. */
export function takenBy(local: KnownHosts, host: string): string | undefined {
  return [...local].find(([name, { machine }]) => name !== host && machine === host)?.[0];
}
