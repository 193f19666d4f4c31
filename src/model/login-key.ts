import { createHash } from "node:crypto";

const KEY = /(?:^|\s)(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+\s+([A-Za-z0-9+/]+=*)(?:\s|$)/;

/** Returns the fingerprint of the key in a line of authorized_keys(5); undefined if the line has no key. */
export function fingerprintOf(line: string): string | undefined {
  const blob = line.trimStart().startsWith("#") ? undefined : KEY.exec(line)?.[1];
  if (blob === undefined) return undefined;
  const hash = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  return `SHA256:${hash.replace(/=+$/, "")}`;
}
