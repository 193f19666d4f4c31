import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../base/paths.ts";
import { digestOf } from "../model/digest.ts";
import { pulumiHome } from "./paths.ts";

/** The folder in which the engine keeps a log of each command, and which it can do without. */
const LOGS = "logs";

/** What the engine makes in its home while it works on a stack, and other commands look for there. */
const KEPT = ["plugins", "workspaces"];

/**
 * The engine's home, but without a place for its log. Of every property of every resource the engine writes several
 * lines to an encrypted log, which takes more than half of its processor time, and knows no setting against that. Where
 * its folder cannot be made it goes on without. Everything else in this home is a link to the real one.
 *
 * @returns the real home where the other cannot be made
 */
export function quietHome(): string {
  const real = pulumiHome();
  const home = join(cacheDir(), "engine-home", digestOf(real).slice(-12));
  try {
    for (const folder of [home, ...KEPT.map((name) => join(real, name))]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    for (const name of readdirSync(real)) if (name !== LOGS) link(join(real, name), join(home, name));
    writeFileSync(join(home, LOGS), "Muster lets the engine keep no log here; docs/pulumi.md says why.\n");
    return home;
  } catch {
    return real;
  }
}

/** Whatever the engine has put in a link's place is out of date with the next run. */
function link(target: string, path: string): void {
  if (leadsTo(target, path)) return;
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path);
}

function leadsTo(target: string, path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isSymbolicLink() === true && readlinkSync(path) === target;
}
