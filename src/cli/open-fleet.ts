import { join } from "node:path";
import { InvalidError } from "../base/errors.ts";
import { projectDir } from "../base/paths.ts";
import type { Fleet } from "../config/fleet.ts";
import { loadFleet } from "../config/load-fleet.ts";

/**
 * The fleet of the project that this runs in.
 *
 * @throws InvalidError where there is no project, or its fleet.yaml is not valid
 */
export function openFleet(): Fleet {
  return loadFleet(fleetFile());
}

/**
 * The path of the project's fleet.yaml.
 *
 * @throws InvalidError where there is no project here or above
 */
export function fleetFile(): string {
  const dir = projectDir();
  if (dir !== undefined) return join(dir, "fleet.yaml");
  throw new InvalidError({
    what: "no project",
    why: "there is no fleet.yaml here or in a folder above.",
    next: "Go to your fleet's folder, or make one: `npx fleet init`.",
  });
}
