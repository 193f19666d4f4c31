import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { RUNTIME_DIR } from "../../../../model/host-paths.ts";
import type { NodeProgram } from "../helper-protocol.ts";
import { FILES, MASKED_UNITS } from "../image-recipe.ts";
import type { Mirror } from "./debian-mirror.ts";

/** The CA certificates that this machine trusts, including certificates that the administrator added. */
const TRUSTED = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Turns a new Debian installation into the base of local hosts. Adds the files of Muster and Node.js, and
 * removes unneeded files.
 */
export function provision(root: string, node: NodeProgram, mirror: Mirror): void {
  addOwnFiles(root);
  addInternetAccess(root, mirror);
  addNode(root, node);
  removeLeftovers(root);
}

function addOwnFiles(root: string): void {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const units = join(root, "etc/systemd/system");
  for (const unit of MASKED_UNITS) symlink("/dev/null", join(units, unit));
  symlink("../muster-address.service", join(units, "multi-user.target.wants/muster-address.service"));
}

/** Copies the CA certificates and the apt proxy of this machine. The hosts need both to reach the internet. */
function addInternetAccess(root: string, { env }: Mirror): void {
  if (existsSync(TRUSTED)) copyFileSync(TRUSTED, join(root, TRUSTED));
  const proxies = Object.entries(env).map(
    ([name, url]) => `Acquire::${name.replace("_proxy", "")}::Proxy "${url}";\n`,
  );
  if (proxies.length > 0) writeFileSync(join(root, "etc/apt/apt.conf.d/90muster"), proxies.join(""));
}

function symlink(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/**
 * Adds Node.js to the base, so that all hosts share one copy in memory. Without this, each host would have its own
 * copy.
 */
function addNode(root: string, node: NodeProgram): void {
  const folder = join(root, RUNTIME_DIR, `node-${node.version}`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(node.path, join(folder, "node"));
  chmodSync(join(folder, "node"), 0o755);
}

/** Removes files that only the installation needs, and files that must differ between hosts. */
function removeLeftovers(root: string): void {
  const folders = [
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
  ];
  const keys = readdirSync(join(root, "etc/ssh")).filter((file) => file.startsWith("ssh_host_"));
  const files = [
    "etc/machine-id",
    "etc/resolv.conf",
    "etc/hostname",
    ...keys.map((key) => join("etc/ssh", key)),
  ];
  for (const path of [...folders, ...files]) rmSync(join(root, path), { recursive: true, force: true });
  for (const folder of ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
}
