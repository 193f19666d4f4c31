import { createHash } from "node:crypto";
import { join } from "node:path";
import { MusterError } from "../../../base/errors.ts";

/**
 * The paths of a local host. `<cache>/local/base-<hash>` is the Debian base that hosts share, and
 * `<cache>/local/hosts/<id>` is the folder of one host. Both folders belong to root. All users can read
 * everything in the folder of a host except its disk.
 */
export interface HostPaths {
  /**
   * The ID `<hash of the cache and the project>-<name>`, which is unique on this machine. The container and
   * its cgroups have the same name.
   */
  readonly id: string;
  /** The absolute path of `<cache>/local`. */
  readonly local: string;
  /** The absolute path of the host's folder. */
  readonly dir: string;
}

/** Matches host names that systemd-nspawn still accepts as machine names after the prefix of the project is added. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,39}[a-z0-9])?$/;

/**
 * Returns the paths of a project's host. The name is checked, because it can come from user input.
 *
 * @param local the absolute path of `<cache>/local`
 * @param project the absolute path of the project's folder, without symlinks
 * @throws MusterError if the name is not a valid host name
 */
export function hostPaths(local: string, project: string, name: string): HostPaths {
  if (!NAME.test(name)) {
    throw new MusterError({
      where: JSON.stringify(name),
      what: "cannot be the name of a local host",
      why: "it must have 1 to 41 characters (a-z, 0-9 and '-'), and begin and end with a letter or a digit.",
    });
  }
  const id = `${projectPrefix(local, project)}${name}`;
  return { id, local, dir: join(local, "hosts", id) };
}

/**
 * Returns the prefix for the host IDs of a project. The hash includes the path of the cache, because each
 * cache has its own hosts.
 */
function projectPrefix(local: string, project: string): string {
  return `${createHash("sha256").update(`${local}\0${project}`).digest("hex").slice(0, 8)}-`;
}
