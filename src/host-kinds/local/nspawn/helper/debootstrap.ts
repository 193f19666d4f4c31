import { mkdirSync } from "node:fs";
import { ExecaError, execa } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import { PACKAGES, SUITE } from "../image-recipe.ts";
import { KEYRING } from "../requirements.ts";
import type { Mirror } from "./debian-mirror.ts";

/**
 * The arguments with which setpriv runs a command in new namespaces. The namespaces end together with this process, so
 * that no mounts or processes are left.
 */
const CONTAINED = [
  "--pdeathsig",
  "KILL",
  "unshare",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
];

/**
 * The path at which the target is mounted for debootstrap. A fixed path is necessary, because debootstrap refuses paths
 * with spaces or colons.
 */
const PLAIN_PATH = "/run/muster/base";
const BIND = ["sh", "-euc", 'mount --bind "$1" "$2"; shift 2; exec "$@"', "debootstrap-at"];

/**
 * Creates a folder and installs Debian into it.
 *
 * @throws MusterError with the last lines of debootstrap's output
 */
export async function debootstrap(target: string, { url, env }: Mirror): Promise<void> {
  for (const folder of [target, PLAIN_PATH]) mkdirSync(folder, { recursive: true });
  const what = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, `--keyring=${KEYRING}`];
  const install = ["debootstrap", ...what, SUITE, PLAIN_PATH, ...(url === undefined ? [] : [url])];
  try {
    await execa("setpriv", [...CONTAINED, ...BIND, target, PLAIN_PATH, ...install], { env, all: true });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const said = String(error.all ?? error.shortMessage).trimEnd();
    throw new MusterError({
      what: `the Debian base could not be created from ${url ?? "Debian's own archive"}`,
      why: `debootstrap reported: ${said.split("\n").slice(-2).join(" ")}`,
      next: "Check that the archive can be reached and that the disk has 1 GB free, then try again.",
    });
  }
}
