import { existsSync } from "node:fs";
import { relative } from "node:path";
import { ensurePassphrase, passphraseFile } from "../../engine/passphrase.ts";
import { readProject } from "../../engine/project.ts";
import { stackNames } from "../stack/settings.ts";
import type { InitFile } from "./templates.ts";

/** The name of a new project's first stack. */
export const STACK = "dev";

/** Creates the passphrase of a new project's first stack. Does nothing if the project already has a stack. */
export function writePassphrase(dir: string): InitFile[] {
  const project = readProject(dir);
  if (project === undefined || stackNames(project).length > 0) return [];
  const path = passphraseFile(project, STACK);
  const was = existsSync(path) ? "kept" : "wrote";
  ensurePassphrase(project, STACK);
  return existsSync(path) ? [{ file: relative(dir, path), was }] : [];
}
