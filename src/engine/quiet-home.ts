import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../base/paths.ts";
import { digestOf } from "../model/digest.ts";
import { pulumiHome } from "./paths.ts";

/** The folder for a log of each command. The engine also runs without it. */
const LOGS = "logs";

/** Folders that the engine creates in its home and that its other commands read. */
const KEPT = ["plugins", "workspaces"];

/**
 * Prepares a home for the engine in which it cannot write its log; everything else in it links to the real
 * home. The engine writes several lines for every property of every resource to an encrypted log, which takes
 * more than half of its processor time, and has no setting to turn that off. If it cannot create the log's
 * folder, it runs without a log.
 *
 * @returns the folder; the real home if the folder cannot be created
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
 * Creates a link to `target`. If the engine has written a file in its place, the link replaces that outdated
 * file.
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
