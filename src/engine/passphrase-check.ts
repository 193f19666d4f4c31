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
 * Checks that the passphrase is the one with which the stack's file was encrypted.
 *
 * @throws InvalidError if the passphrase is wrong
 */
export async function checkPassphrase(project: PulumiProject, stack: string): Promise<void> {
  const { encryptionsalt } = readStackFile(project, stack);
  const given = givenPassphrase(project, stack);
  if (encryptionsalt === undefined || given === undefined) return;
  const { passphrase, from } = given;
  if (isRemembered(project, stack, encryptionsalt, passphrase)) return;
  if (!(await decrypts(passphrase, encryptionsalt))) {
    throw new InvalidError({
      what: `the secrets of stack ${stack} cannot be read`,
      why: `the passphrase in ${from} is not the one that ${stackFile(project, stack)} was encrypted with.`,
      next: "Ask a teammate for the right passphrase.",
    });
  }
  // Only the digest of a passphrase from a file is saved. A passphrase from the environment must leave no trace on
  // disk.
  if (from !== VARIABLE) remember(project, stack, encryptionsalt, passphrase);
}

/**
 * Finds the passphrase that the engine will use. Searches in the same order as the engine's readPassphrase
 * (pkg/secrets/passphrase/manager.go). Returns undefined if there is no passphrase.
 */
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

/**
 * Whether a passphrase decrypts `v1:SALT:v1:NONCE:SECRET`, which is the word "pulumi" encrypted with
 * AES-256-GCM (resource/config/crypt.go in the engine's SDK).
 */
async function decrypts(passphrase: string, encryptionsalt: string): Promise<boolean> {
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

/** Saves the digest of a correct passphrase. The next run can then skip the check, which takes half a second. */
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
