import { resolve } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { loadFleet } from "../../config/load-fleet.ts";
import { insidePath } from "../../config/safe-path.ts";

/**
 * Loads the fleet of another checkout as untrusted data. Reads only the checkout's fleet.yaml and the files in the
 * checkout that this fleet.yaml names. Follows no path out of the checkout. Opens no file with a secret or key.
 *
 * @param dir the folder of the other checkout's fleet.yaml
 * @param home the folder of the current fleet.yaml, which a merge would replace with the other fleet.yaml
 * @throws InvalidError if the other fleet.yaml cannot be read or is not valid
 */
export function openChange(dir: string, home: string): Fleet {
  return loadFleet(changedFile(dir), home);
}

/**
 * Returns the path of the other checkout's fleet.yaml.
 *
 * @throws InvalidError if that file does not exist, or is a link to a path outside the checkout
 */
export function changedFile(dir: string): string {
  const found = insidePath(resolve(dir), "fleet.yaml");
  if ("path" in found) return found.path;
  throw new InvalidError({
    what: `the change in ${dir} cannot be read`,
    why: `its fleet.yaml ${found.refused}.`,
    next: "Give the folder of a checkout that contains the change.",
  });
}
