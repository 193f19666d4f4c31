import { createHash } from "node:crypto";

/** Returns the fingerprint of a public key as `ssh-keygen -l` prints it: `ssh-ed25519 SHA256:…`. */
export function fingerprintOf(key: string): string {
  const [type = "", bytes = ""] = key.split(" ");
  const sum = createHash("sha256").update(Buffer.from(bytes, "base64")).digest("base64").replace(/=+$/, "");
  return `${type} SHA256:${sum}`;
}
