import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import { listFolder } from "../system/read-if-present.ts";
import { isOverrideLink } from "./provider-override.ts";
import type { UnitState } from "./systemctl.ts";

/** The folders in which `systemctl edit`, `edit --runtime` and `set-property` put the drop-ins of a unit. */
const ROOTS = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/etc/systemd/system.control",
  "/run/systemd/system.control",
];

/**
 * Finds the drop-in files with which somebody has changed a unit, including files that systemd has not loaded yet.
 * Omits drop-ins of the distribution, drop-ins for all services, and provider overrides (see provider-override.ts).
 */
export function overridesOf(unit: string, state: UnitState): string[] {
  const loaded = (state["DropInPaths"] ?? "").split(" ").filter((path) => /^\/(etc|run)\//.test(path));
  const own = loaded.filter((path) => basename(dirname(path)) !== "service.d");
  return [...new Set([...own, ...ROOTS.flatMap((root) => dropInsIn(`${root}/${unit}.d`))])]
    .filter((path) => !isOverrideLink(unit, path))
    .sort();
}

/** Deletes a unit's overrides. @throws MusterError if an override can also change other units */
export function removeOverrides(unit: string, paths: readonly string[]): void {
  for (const path of paths) {
    const dir = dirname(path);
    if (!ROOTS.some((root) => dir === `${root}/${unit}.d`)) throw shared(unit, path);
    rmSync(path, { force: true });
    if (listFolder(dir).length === 0) rmSync(dir, { recursive: true, force: true });
  }
}

function dropInsIn(dir: string): string[] {
  return listFolder(dir)
    .filter((name) => name.endsWith(".conf"))
    .map((name) => `${dir}/${name}`);
}

function shared(unit: string, path: string): MusterError {
  return new MusterError({
    what: `${path} changes ${unit}`,
    why: "it can also change other units, so Muster does not delete it",
    next: "Delete it by hand if nothing else needs it.",
  });
}
