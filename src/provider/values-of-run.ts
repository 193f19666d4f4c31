import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "../base/files.ts";

/**
 * The secret values that the preview of an `up` has read. The update runs in another process, and reuses these values.
 */
export interface ValuesOfRun {
  find(reference: string): string | undefined;
  keep(reference: string, value: string): void;
}

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps values in a file that is encrypted with a key of this run. Only the environment of the run's processes contains
 * the key, so nobody can read the file after the run.
 *
 * @param key 64 hexadecimal digits; if absent, nothing is kept
 */
export function valuesOfRun(file: string, key: string | undefined): ValuesOfRun {
  if (key === undefined || !/^[0-9a-f]{64}$/.test(key)) return { find: () => undefined, keep: () => {} };
  const bytes = Buffer.from(key, "hex");
  const values = new Map(Object.entries(readValues(file, bytes)));
  return {
    find: (reference) => values.get(reference),
    keep: (reference, value) => {
      values.set(reference, value);
      writeFileAtomic(file, encrypt(JSON.stringify(Object.fromEntries(values)), bytes), 0o600);
    },
  };
}

/** Reads and deletes the file. A file of another run counts as missing. */
function readValues(file: string, key: Buffer): Readonly<Record<string, string>> {
  try {
    const values = JSON.parse(decrypt(readFileSync(file), key)) as Record<string, string>;
    rmSync(file, { force: true });
    return values;
  } catch {
    return {};
  }
}

function encrypt(text: string, key: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), data]);
}

/** @throws an error if the key is wrong, or if the bytes were changed */
function decrypt(bytes: Buffer, key: Buffer): string {
  const start = IV_BYTES + TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, start));
  return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]).toString("utf8");
}
