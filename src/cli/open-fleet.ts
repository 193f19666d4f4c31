import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import { projectDir } from "../base/muster-folders.ts";
import type { Fleet } from "../config/fleet.ts";
import { loadFleet } from "../config/load-fleet.ts";

/**
 * Loads the fleet of the current project.
 *
 * @throws InvalidError if there is no project, or its fleet.yaml is not valid
 */
export function openFleet(): Fleet {
  return loadFleet(fleetFile());
}

/**
 * Returns the path of the current project's fleet.yaml.
 *
 * @throws InvalidError if there is no project in this folder or above it
 */
export function fleetFile(): string {
  const dir = projectDir();
  if (dir !== undefined) return join(dir, "fleet.yaml");
  throw new InvalidError({
    what: "no project was found",
    why: "there is no fleet.yaml here or in a folder above.",
    next: "Go to your fleet's folder, or create one with `npx fleet init`.",
  });
}
