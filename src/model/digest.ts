import { createHash } from "node:crypto";
import type { Digest, SecretDigest } from "./items.ts";

/** Digest of a text's UTF-8 bytes. */
export function digestOf(text: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** Digest for comparing a secret's bytes, salted with the path that they are written to. */
export function secretDigest(path: string, bytes: string | Uint8Array): SecretDigest {
  return `secret:${createHash("sha256").update(`${path}\0`).update(bytes).digest("hex")}`;
}
