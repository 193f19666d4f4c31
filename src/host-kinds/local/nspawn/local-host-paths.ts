import { createHash } from "node:crypto";
import { join } from "node:path";
import { MusterError } from "../../../base/errors.ts";

/**
 * Where local hosts lie: `<cache>/local/base-<hash>` is the Debian they share, `<cache>/local/hosts/<id>`
 * one host. Both are root-owned; everybody may read what is beside a host's disk.
 */
export interface HostPlace {
  /** Unique on this machine, also its machine and cgroup name: `<hash of the project>-<name>`. */
  readonly id: string;
  /** `<cache>/local`. */
  readonly local: string;
  readonly dir: string;
}

/** A host name: what systemd-nspawn takes for a machine, and short enough to stand behind a hash. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,39}[a-z0-9])?$/;

/**
 * The place of one host of a project; made of data that a person may have written, so it is checked here.
 *
 * @param local `<cache>/local`, absolute
 * @param project the project's folder, absolute and without symlinks
 * @throws MusterError for a name that is no host name
 */
export function hostPlace(local: string, project: string, name: string): HostPlace {
  if (!NAME.test(name)) {
    throw new MusterError({
      where: JSON.stringify(name),
      what: "cannot be the name of a local host",
      why: "it must be 1 to 41 of a-z, 0-9 and '-', and begin and end with a letter or a digit.",
    });
  }
  const id = `${projectPrefix(local, project)}${name}`;
  return { id, local, dir: join(local, "hosts", id) };
}

/** Two caches never share a host. */
function projectPrefix(local: string, project: string): string {
  return `${createHash("sha256").update(`${local}\0${project}`).digest("hex").slice(0, 8)}-`;
}
