import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { stringify } from "yaml";
import { writeFileLocked } from "../base/files.ts";
import { withProcessLockSync } from "../base/process-lock.ts";
import type { HostKindName } from "../config/host-spec.ts";
import { HOST_KINDS, hostKindOf } from "../host-kinds/registry.ts";
import { inventoryFile } from "./inventory-file.ts";
import type { InventoryHost } from "./inventory-host.ts";
import { readHosts } from "./read-inventory.ts";

/** The maximum number of milliseconds to wait for another writer. A write takes only a few milliseconds. */
const PATIENCE = 10_000;

/**
 * Records the address, the login and the keys of a host. Replaces the host's previous entry.
 *
 * @throws InvalidError if the existing file cannot be parsed
 */
export function pinHost(projectDir: string, kind: HostKindName, name: string, host: InventoryHost): void {
  change(projectDir, kind, (hosts) => hosts.set(name, host));
}

/** Renames the entry of a host. Succeeds if the host has no entry. */
export function renameHost(projectDir: string, kind: HostKindName, from: string, to: string): void {
  change(projectDir, kind, (hosts) => {
    const host = hosts.get(from);
    if (host === undefined) return;
    hosts.set(to, hostKindOf({ kind }).renamed?.(host, from) ?? host);
    hosts.delete(from);
  });
}

/** Removes a host from the inventory. Succeeds if the host has no entry. */
export function forgetHost(projectDir: string, kind: HostKindName, name: string): void {
  change(projectDir, kind, (hosts) => hosts.delete(name));
}

function change(
  projectDir: string,
  kind: HostKindName,
  act: (hosts: Map<string, InventoryHost>) => void,
): void {
  const file = inventoryFile(projectDir, kind);
  const own = join(projectDir, ".muster");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  withProcessLockSync(join(own, "inventory.lock"), "the inventory cannot be written", PATIENCE, () => {
    const hosts = readHosts(projectDir, kind);
    act(hosts);
    const text = render(projectDir, kind, hosts);
    const isNew = existsSync(file) ? readFileSync(file, "utf8") !== text : hosts.size > 0;
    if (isNew) writeFileLocked(file, text);
  });
}

function render(projectDir: string, kind: HostKindName, hosts: ReadonlyMap<string, InventoryHost>): string {
  const names = [...hosts.keys()].sort();
  const entries = names.map((name) => [name, entryOf(projectDir, hosts.get(name) as InventoryHost)]);
  return `${HOST_KINDS[kind].inventory.header}${stringify({ hosts: Object.fromEntries(entries) }, { lineWidth: 0 })}`;
}

/**
 * Returns a host's entry in the form in which the file contains it. The fields have a fixed order, and the path of a
 * key file inside the project is relative, so that the text is the same in every clone.
 */
function entryOf(projectDir: string, host: InventoryHost): Partial<InventoryHost> {
  const { address, port, user, identityFile, machine, replace, hostKeys } = host;
  return {
    address,
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile: inProject(projectDir, identityFile) }),
    ...(machine !== undefined && { machine }),
    ...(replace !== undefined && { replace }),
    hostKeys,
  };
}

function inProject(projectDir: string, path: string): string {
  const inside = relative(projectDir, path);
  return isAbsolute(path) && (inside.startsWith("..") || isAbsolute(inside)) ? path : inside;
}
