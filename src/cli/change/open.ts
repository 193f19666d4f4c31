import { resolve } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { loadFleet } from "../../config/load-fleet.ts";
import { insidePath } from "../../config/safe-path.ts";

/**
 * Reads the fleet of another checkout as data. It reads only fleet.yaml and the files in that checkout that
 * fleet.yaml names. It follows no path out of the checkout, and opens no secret and no key.
 *
 * @param dir the folder of the other checkout's fleet.yaml
 * @param home the folder of the current fleet.yaml, where the other one would be after a merge
 * @throws InvalidError if it cannot be read or is not valid
 */
export function openChange(dir: string, home: string): Fleet {
  return loadFleet(changedFile(dir), home);
}

/**
 * Returns the path of the other checkout's fleet.yaml.
 *
 * @throws InvalidError if it does not exist, or is a link out of the checkout
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
