import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { stringify } from "yaml";
import { writeFileLocked } from "../base/files.ts";
import { withProcessLockSync } from "../base/process-lock.ts";
import { type HostKind, type InventoryHost, inventoryFile } from "./inventory.ts";
import { readHosts } from "./read-inventory.ts";

/** Milliseconds to wait for another writer, which needs a few. */
const PATIENCE = 10_000;

const HEADERS: Readonly<Record<HostKind, string>> = {
  ssh: `# Where each host was reached and the keys that it showed. Written by \`npx pulumi up\`.
# Nothing in it is secret: commit it. Outside \`npx pulumi up\` a host with another key is refused.
`,
  local: `# The hosts that run on this machine. Written by \`npx pulumi up\`; it says nothing to other machines.
`,
  droplet: `# The droplets that were made, where each was reached, and the keys that it showed. Written by \`npx pulumi up\`.
# Nothing in it is secret: commit it. A droplet that stands here is never made a second time unless it is asked for.
`,
};

/**
 * Writes how a host is reached and which keys it has, in place of what was written of it before.
 *
 * @throws InvalidError when the file that is there cannot be understood
 */
export function pinHost(projectDir: string, kind: HostKind, name: string, host: InventoryHost): void {
  change(projectDir, kind, (hosts) => hosts.set(name, host));
}

/** Keeps what is written of a host under another name; one that is not in it under the former is a success. */
export function renameHost(projectDir: string, kind: HostKind, from: string, to: string): void {
  change(projectDir, kind, (hosts) => {
    const host = hosts.get(from);
    if (host === undefined) return;
    // The disk, the cgroups and the running supervisor of a local host have its machine's name.
    hosts.set(to, kind === "local" ? { ...host, machine: host.machine ?? from } : host);
    hosts.delete(from);
  });
}

/** Removes a host from the inventory; one that is not in it is a success. */
export function forgetHost(projectDir: string, kind: HostKind, name: string): void {
  change(projectDir, kind, (hosts) => hosts.delete(name));
}

function change(projectDir: string, kind: HostKind, act: (hosts: Map<string, InventoryHost>) => void): void {
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

function render(projectDir: string, kind: HostKind, hosts: ReadonlyMap<string, InventoryHost>): string {
  const names = [...hosts.keys()].sort();
  const entries = names.map((name) => [name, entryOf(projectDir, hosts.get(name) as InventoryHost)]);
  return `${HEADERS[kind]}${stringify({ hosts: Object.fromEntries(entries) }, { lineWidth: 0 })}`;
}

/** In a fixed order, and with a key file inside the project named as it is in every clone. */
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
