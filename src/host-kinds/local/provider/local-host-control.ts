import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { InvalidError } from "../../../base/errors.ts";
import type { InventoryHost } from "../../../inventory/inventory-host.ts";
import { readHosts } from "../../../inventory/read-inventory.ts";
import { forgetHost, pinHost, renameHost } from "../../../inventory/write-inventory.ts";
import { localHosts } from "../nspawn/index.ts";

/** Manages the local hosts of a project by name. Keeps an inventory entry for each existing host. */
export interface LocalHostControl {
  state(host: string): "absent" | "stopped" | "running";
  /**
   * Creates and boots a host. An existing host keeps its disk and is only booted. @returns a warning about a limitation
   * of the host, such as a firewall on this machine
   */
  create(host: string, progress: (line: string) => void): Promise<string | undefined>;
  boot(host: string): Promise<string | undefined>;
  /** Renames a host in the inventory. The machine of the host is not changed or restarted. */
  rename(from: string, to: string): void;
  /** Removes a host with its disk, if the host exists. */
  remove(host: string): Promise<void>;
}

/**
 * The path of the private key with which a project logs in to its local hosts. It is relative to the folder
 * of the project.
 */
const KEY = join(".muster", "ssh", "id_ed25519");

/** Returns the object that manages a project's local hosts. */
export function manageLocalHosts(project: string): LocalHostControl {
  const hosts = localHosts(project);
  const machine = (host: string) => machineOf(readHosts(project, "local"), host);
  const up = async (host: string, progress?: (line: string) => void) => {
    const other = takenBy(readHosts(project, "local"), host);
    if (other !== undefined) throw nameTaken(host, other);
    const name = machine(host);
    const { address, hostKeys, warning } = await hosts.create(
      { name, publicKey: await ensureLocalKey(project) },
      progress,
    );
    const entry = { address, user: "root", identityFile: join(project, KEY), hostKeys };
    pinHost(project, "local", host, name === host ? entry : { ...entry, machine: name });
    return warning;
  };
  return {
    state: (host) => hosts.state(machine(host)),
    create: up,
    boot: up,
    rename: (from, to) => renameHost(project, "local", from, to),
    remove: async (host) => {
      const name = machine(host);
      // The inventory entry is removed before the disk. In the opposite order, a run that is killed between the two
      // steps would leave the entry forever.
      await hosts.stop(name);
      forgetHost(project, "local", host);
      await hosts.remove(name);
    },
  };
}

function nameTaken(host: string, other: string): InvalidError {
  const why = `the machine of ${other} still has this name, because ${other} was renamed.`;
  return new InvalidError({ where: host, what: "it cannot be created", why, next: "Choose another name." });
}

/**
 * The key files that are currently being created, by path. This prevents hosts that are created in parallel from
 * creating the same key file.
 */
const keysInProgress = new Map<string, Promise<void>>();

/** Returns the public key from the key pair of a project. Creates the key pair if it does not exist. */
export async function ensureLocalKey(project: string): Promise<string> {
  const file = join(project, KEY);
  mkdirSync(join(project, ".muster", "ssh"), { recursive: true, mode: 0o700 });
  if (!existsSync(`${file}.pub`)) {
    const created = keysInProgress.get(file) ?? createKey(file);
    keysInProgress.set(file, created);
    await created;
  }
  return readFileSync(`${file}.pub`, "utf8").trim();
}

/**
 * Creates a key pair. Moves the public key to its final path last, so that a key pair with a public key is complete.
 * First removes the files that a killed run left, because ssh-keygen would otherwise ask whether to overwrite them.
 */
async function createKey(file: string): Promise<void> {
  const temporary = `${file}.new`;
  for (const half of [temporary, `${temporary}.pub`]) rmSync(half, { force: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "muster", "-f", temporary]);
  renameSync(temporary, file);
  renameSync(`${temporary}.pub`, `${file}.pub`);
}

type KnownHosts = ReadonlyMap<string, InventoryHost>;

/** Returns the name of a host's machine, which is the host's original name. */
export function machineOf(local: KnownHosts, host: string): string {
  return local.get(host)?.machine ?? host;
}

/** Finds a renamed host that has a machine with this name. */
export function takenBy(local: KnownHosts, host: string): string | undefined {
  return [...local].find(([name, { machine }]) => name !== host && machine === host)?.[0];
}
