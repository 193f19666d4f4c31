import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { InvalidError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files.ts";
import type { EngineCall } from "./arguments.ts";
import { type PulumiProject, readStackFile, selectedStack, stackFile } from "./project.ts";

const SUFFIX = ".passphrase";

/** Returns the path of the file that contains a stack's passphrase on this machine. Git ignores the file. */
export function passphraseFile(project: PulumiProject, stack: string): string {
  return join(project.dir, "stacks", `${stack}${SUFFIX}`);
}

/**
 * Returns the stack that a command uses. In the order of precedence, this is the stack that the command names,
 * PULUMI_STACK, the selected stack, or the only stack with a passphrase on this machine. Returns undefined if there is
 * no such stack.
 */
export function currentStack(project: PulumiProject, named: string | undefined): string | undefined {
  return (
    named ?? (process.env["PULUMI_STACK"] || undefined) ?? selectedStack(project) ?? onlyPassphrase(project)
  );
}

/** Whether the environment sets a passphrase. If so, Muster's own file is not used. */
export function passphraseIsSet(): boolean {
  return ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"].some((name) => name in process.env);
}

/**
 * Checks that the secrets of a stack can be read on this machine.
 *
 * @throws InvalidError if the stack's file has a salt and its passphrase is missing
 */
export function requirePassphrase(project: PulumiProject, stack: string): void {
  const file = passphraseFile(project, stack);
  if (passphraseIsSet() || existsSync(file)) return;
  if (readStackFile(project, stack).encryptionsalt === undefined) return;
  throw new InvalidError({
    what: `the secrets of stack ${stack} cannot be read`,
    why: `${stackFile(project, stack)} is encrypted with a passphrase that this machine does not have.`,
    next: `Ask a teammate for it and save it as ${file} with mode 0600.`,
  });
}

/** Creates a stack's passphrase (256 random bits) if neither the environment nor a file contains one. */
export function ensurePassphrase(project: PulumiProject, stack: string): void {
  const file = passphraseFile(project, stack);
  if (passphraseIsSet() || existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomic(file, `${randomBytes(32).toString("base64url")}\n`, 0o600);
}

function onlyPassphrase(project: PulumiProject): string | undefined {
  const dir = join(project.dir, "stacks");
  const files = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(SUFFIX)) : [];
  return files.length === 1 ? files[0]?.slice(0, -SUFFIX.length) : undefined;
}

/**
 * Creates the passphrase for a stack that `pulumi stack init NAME` is about to create. Otherwise, the engine would
 * prompt for a passphrase. A stack that was created on another machine already has a passphrase. Stacks on Pulumi Cloud
 * or with another secrets provider need no passphrase.
 *
 * @returns a notice about the new passphrase; undefined if no passphrase was created
 * @throws InvalidError if the stack was created on another machine and its passphrase is not on this machine
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
  return `created ${relative(project.dir, file)}, which git ignores: save it in your password store`;
}
