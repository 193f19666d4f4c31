import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import { writeFileLocked } from "../../../../base/files.ts";
import type { HelperRequest } from "../helper-protocol.ts";
import { type HostFile, readHostFile } from "../host-file.ts";
import type { HostPaths } from "../local-host-paths.ts";
import { withHelperLock } from "./helper-lock.ts";
import { freeAddress, gatewayOf } from "./network.ts";

/**
 * Creates the folder of a host, if the host has no complete folder yet. Replaces an incomplete folder that a killed run
 * left. The public key in the request replaces the previous public key, even on a running host.
 */
export async function createHost(host: HostPaths, request: HelperRequest, base: string): Promise<void> {
  const { publicKey } = request;
  if (publicKey === undefined || publicKey.trim().includes("\n")) {
    throw new MusterError({
      what: "local hosts: invalid request",
      why: "`create` needs exactly one public key.",
    });
  }
  if (readHostFile(host.dir) === undefined) await make(host, request, base);
  writeFileLocked(join(host.dir, "config/authorized_keys"), `${publicKey.trim()}\n`);
}

async function make(host: HostPaths, request: HelperRequest, base: string): Promise<void> {
  rmSync(host.dir, { recursive: true, force: true });
  for (const folder of ["config", "root"]) mkdirSync(join(host.dir, folder), { recursive: true });
  // Users of the host have the same uids as users of this machine. The mode of the folder prevents these users of this
  // machine from reading the disk of the host.
  for (const folder of ["disk", "disk/upper", "disk/work"]) {
    mkdirSync(join(host.dir, folder), { mode: folder === "disk" ? 0o700 : 0o755 });
  }
  const name = request.name as string;
  const hostKey = await writeIdentity(join(host.dir, "disk/upper"), name);
  await withHelperLock("machine", async () => {
    const address = await freeAddress(host.local);
    writeFileSync(join(host.dir, "config/address"), `ADDRESS=${address}/24\nGATEWAY=${gatewayOf(address)}\n`);
    const file: HostFile = { name, project: request.project, base, address, hostKeys: [hostKey] };
    writeFileLocked(join(host.dir, "host.json"), `${JSON.stringify(file, null, 2)}\n`);
  });
}

/** Writes the name of the host, a new machine ID and a new host key. @returns the public host key */
async function writeIdentity(upper: string, name: string): Promise<string> {
  mkdirSync(join(upper, "etc/ssh"), { recursive: true });
  writeFileSync(join(upper, "etc/hostname"), `${name}\n`);
  writeFileSync(join(upper, "etc/hosts"), `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost\n`);
  writeFileSync(join(upper, "etc/machine-id"), `${randomBytes(16).toString("hex")}\n`);
  const key = join(upper, "etc/ssh/ssh_host_ed25519_key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key]);
  return readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
}
