import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { EngineCall } from "./arguments.ts";
import { ensurePassphrase, passphraseFile, passphraseIsSet, requirePassphrase } from "./passphrase.ts";
import { type PulumiProject, stackFile } from "./project.ts";

/**
 * Makes the passphrase of a stack that `pulumi stack init NAME` is about to make, for the engine would ask for one. A
 * stack that was made elsewhere has its own; Pulumi Cloud, and whoever names a provider of secrets, need none.
 *
 * @returns what to tell of it; undefined where nothing was made
 * @throws InvalidError where the stack was made elsewhere and its passphrase is not here
 */
export function preparePassphrase(
  project: PulumiProject,
  stack: string,
  call: EngineCall,
): string | undefined {
  const [command, verb] = call.words;
  if (command !== "stack" || verb !== "init" || call.hasSecretsProvider) return undefined;
  if (/^https?:/.test(project.backend) || passphraseIsSet()) return undefined;
  if (existsSync(stackFile(project, stack))) {
    requirePassphrase(project, stack);
    return undefined;
  }
  const file = passphraseFile(project, stack);
  if (existsSync(file)) return undefined;
  ensurePassphrase(project, stack);
  return `made ${relative(project.dir, file)}, which git leaves out: put it into your password store`;
}
