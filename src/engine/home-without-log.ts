import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../base/muster-folders.ts";
import { digestOf } from "../model/digest.ts";
import { pulumiHome } from "./paths.ts";

/** The folder in which the engine logs each command. The engine also runs without this folder. */
const LOGS = "logs";

/** The folders that the engine creates in its home folder and that later commands read again. */
const KEPT = ["plugins", "workspaces"];

/**
 * Prepares a home folder in which the engine cannot create the folder for its log. The engine then runs without a log.
 * All other entries of the prepared folder are links into the real home folder. The engine's encrypted log contains
 * several lines for every property of every resource. The log takes more than half of the engine's processor time, and
 * no setting disables the log.
 *
 * @returns the prepared folder; the real home folder if the preparation fails
 */
export function quietHome(): string {
  const real = pulumiHome();
  const home = join(cacheDir(), "engine-home", digestOf(real).slice(-12));
  try {
    for (const folder of [home, ...KEPT.map((name) => join(real, name))]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    for (const name of readdirSync(real)) if (name !== LOGS) link(join(real, name), join(home, name));
    writeFileSync(join(home, LOGS), "Muster disables the engine's log here; docs/pulumi.md explains why.\n");
    return home;
  } catch {
    return real;
  }
}

/**
 * Creates a link to `target` at `path`. If the engine has replaced an earlier link with a file, this file is outdated.
 * The new link replaces the file.
 */
function link(target: string, path: string): void {
  if (leadsTo(target, path)) return;
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path);
}

function leadsTo(target: string, path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isSymbolicLink() === true && readlinkSync(path) === target;
}
