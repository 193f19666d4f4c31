import { createHash } from "node:crypto";
import type { Digest, SecretDigest } from "./items.ts";

/** Returns the SHA-256 digest of a text's UTF-8 bytes. */
export function digestOf(text: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** Returns a digest of a secret's bytes for comparisons. The salt is the path of the secret's file. */
export function secretDigest(path: string, bytes: string | Uint8Array): SecretDigest {
  return `secret:${createHash("sha256").update(`${path}\0`).update(bytes).digest("hex")}`;
}
