import { existsSync } from "node:fs";
import { relative } from "node:path";
import { ensurePassphrase, passphraseFile } from "../../engine/passphrase.ts";
import { readProject, stackFile } from "../../engine/project.ts";
import type { FileTold } from "./templates.ts";

/** The stack that a new project begins with. */
export const STACK = "dev";

/** Makes the passphrase of a stack that is yet to be made; one made elsewhere has its own. */
export function writePassphrase(dir: string): FileTold[] {
  const project = readProject(dir);
  if (project === undefined || existsSync(stackFile(project, STACK))) return [];
  const path = passphraseFile(project, STACK);
  const was = existsSync(path) ? "kept" : "wrote";
  ensurePassphrase(project, STACK);
  return existsSync(path) ? [{ file: relative(dir, path), was }] : [];
}
