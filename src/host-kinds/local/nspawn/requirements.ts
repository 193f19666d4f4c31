import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import type { NodeProgram } from "./helper-protocol.ts";
import { baseName } from "./image-recipe.ts";

/** The programs that local hosts need on this machine, each with the Debian package that contains it. */
const NEEDED: Readonly<Record<string, string>> = {
  "systemd-nspawn": "systemd-container",
  debootstrap: "debootstrap",
  "ssh-keygen": "openssh-client",
  ip: "iproute2",
  nft: "nftables",
  flock: "util-linux",
  unshare: "util-linux",
  setpriv: "util-linux",
};

/** The signing keys of Debian. On some distributions, they are not installed together with debootstrap. */
export const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Returns the Debian packages that local hosts need and that are missing on this machine.
 *
 * @param has returns whether a program exists
 */
export function missingPackages(has: (program: string) => boolean = onPath): string[] {
  const programs = Object.entries(NEEDED).flatMap(([program, name]) => (has(program) ? [] : [name]));
  const keyring = existsSync(KEYRING) ? [] : ["debian-archive-keyring"];
  return [...new Set([...programs, ...keyring])];
}

/** Whether a local host can be created without installing anything first. */
export function isPrepared(local: string, node: NodeProgram): boolean {
  return existsSync(join(local, baseName(node.version))) && missingPackages().length === 0;
}

/** Returns the command that installs these packages. */
export function aptInstall(packages: readonly string[]): string {
  return `sudo apt-get install ${packages.join(" ")}`;
}

/**
 * Returns a sentence for each package that local hosts need and that is missing on this machine. The sentence contains
 * the command that installs the package. Changes nothing, and needs no root privileges.
 */
export function planMissing(has: (program: string) => boolean = onPath): string[] {
  if (process.platform !== "linux") return ["Local hosts need Linux: declare hosts of `kind: ssh` instead."];
  const packages = missingPackages(has);
  const lacks = packages.map((name) => `${name} is not installed: run \`${aptInstall([name])}\`.`);
  const root = process.getuid?.() === 0 || has("sudo");
  return root ? lacks : [...lacks, "sudo is not installed: install it, or run Muster as root."];
}

function onPath(program: string): boolean {
  const folders = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`.split(":");
  return folders.some((folder) => isExecutable(join(folder || ".", program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
