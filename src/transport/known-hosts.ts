import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "./target.ts";

/** A known_hosts file for a single host. ssh accepts keys only from this file. */
export interface KnownHosts {
  readonly path: string;
  /** Returns the public keys that the file currently contains, such as `ssh-ed25519 AAAA…`. */
  keys(): string[];
  remove(): void;
}

/**
 * Writes the target's pinned keys to a temporary known_hosts file. In this file, the host has the name of the
 * target.
 */
export function knownHosts(target: Target): KnownHosts {
  const dir = mkdtempSync(join(tmpdir(), "muster-known-"));
  const path = join(dir, "known_hosts");
  writeFileSync(path, target.hostKeys.map((key) => `${target.name} ${key}\n`).join(""), { mode: 0o600 });
  return {
    path,
    keys: () => parseKeys(readFileSync(path, "utf8")),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function parseKeys(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [, type, key] = line.split(" ");
    return type && key ? [`${type} ${key}`] : [];
  });
}
