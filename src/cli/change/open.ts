import { resolve } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { loadFleet } from "../../config/load-fleet.ts";
import { insidePath } from "../../config/safe-path.ts";

/**
 * The fleet of another checkout, taken as data: its fleet.yaml and the files that it names there are read, and
 * nothing else. No path out of the checkout is followed, and no secret and no key is opened.
 *
 * @param dir the other checkout's folder of fleet.yaml
 * @param home the folder of our own fleet.yaml: where the other's would stand once it is merged
 * @throws InvalidError where it cannot be read or is not valid
 */
export function openChange(dir: string, home: string): Fleet {
  return loadFleet(changedFile(dir), home);
}

/**
 * The path of the other checkout's fleet.yaml.
 *
 * @throws InvalidError where there is none, or where it is a link out of the checkout
 */
export function changedFile(dir: string): string {
  const found = insidePath(resolve(dir), "fleet.yaml");
  if ("path" in found) return found.path;
  throw new InvalidError({
    what: `the change in ${dir} cannot be read`,
    why: `its fleet.yaml ${found.refused}.`,
    next: "Name the folder of a checkout of the change.",
  });
}
