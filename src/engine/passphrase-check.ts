import { createDecipheriv, createHash, pbkdf2 } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { InvalidError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files.ts";
import { passphraseFile } from "./passphrase.ts";
import { type PulumiProject, readStackFile, stackFile } from "./project.ts";

const VARIABLE = "PULUMI_CONFIG_PASSPHRASE";

/**
 * Refuses a passphrase that is not the one that the stack's file was encrypted with.
 *
 * @throws InvalidError
 */
export async function checkPassphrase(project: PulumiProject, stack: string): Promise<void> {
  const { encryptionsalt } = readStackFile(project, stack);
  const given = givenPassphrase(project, stack);
  if (encryptionsalt === undefined || given === undefined) return;
  const { passphrase, from } = given;
  if (isRemembered(project, stack, encryptionsalt, passphrase)) return;
  if (!(await opens(passphrase, encryptionsalt))) {
    throw new InvalidError({
      what: `the secrets of stack ${stack} cannot be read`,
      why: `the passphrase in ${from} is not the one that ${stackFile(project, stack)} was encrypted with.`,
      next: "Ask a team mate for the right one.",
    });
  }
  // What stands in a file may be remembered beside it; what stands in the environment stays there.
  if (from !== VARIABLE) remember(project, stack, encryptionsalt, passphrase);
}

/** The passphrase that the engine will take: its readPassphrase (pkg/secrets/passphrase/manager.go). */
function givenPassphrase(
  project: PulumiProject,
  stack: string,
): { passphrase: string; from: string } | undefined {
  const passphrase = process.env[VARIABLE];
  if (passphrase !== undefined) return { passphrase, from: VARIABLE };
  const named = process.env[`${VARIABLE}_FILE`];
  const from = named ? resolve(named) : passphraseFile(project, stack);
  return existsSync(from) ? { passphrase: readFileSync(from, "utf8").trim(), from } : undefined;
}

/** `v1:SALT:v1:NONCE:SECRET`, the word "pulumi" in AES-256-GCM (the engine's sdk, resource/config/crypt.go). */
async function opens(passphrase: string, encryptionsalt: string): Promise<boolean> {
  const [, salt, , nonce, secret] = encryptionsalt.split(":").map((part) => Buffer.from(part, "base64"));
  if (salt === undefined || nonce === undefined || secret === undefined) return false;
  const key = await promisify(pbkdf2)(passphrase, salt, 1_000_000, 32, "sha256");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAuthTag(secret.subarray(-16));
    return `${decipher.update(secret.subarray(0, -16))}${decipher.final()}` === "pulumi";
  } catch {
    return false;
  }
}

/** The proof takes half a second of every run, so that it was given once is remembered by digest. */
function remember(project: PulumiProject, stack: string, salt: string, passphrase: string): void {
  if (!existsSync(join(project.dir, ".muster"))) return;
  writeFileAtomic(provenFile(project, stack), digestOf(salt, passphrase), 0o600);
}

function isRemembered(project: PulumiProject, stack: string, salt: string, passphrase: string): boolean {
  const file = provenFile(project, stack);
  return existsSync(file) && readFileSync(file, "utf8") === digestOf(salt, passphrase);
}

function provenFile(project: PulumiProject, stack: string): string {
  return join(project.dir, ".muster", "passphrases", stack);
}

function digestOf(salt: string, passphrase: string): string {
  return createHash("sha256").update(`${salt}\n${passphrase}`).digest("hex");
}
