import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { posix } from "node:path";
import { fingerprintOf } from "../../model/login-key.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { namesAt, orNothing, textAt } from "../system/read-or-nothing.ts";

/** A key that allows a login as a user. */
export interface LoginKey {
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly where: string;
}

/** The files in which sshd looks for keys by default; see sshd_config(5). */
const DEFAULT_FILES = [".ssh/authorized_keys", ".ssh/authorized_keys2"];

/**
 * Returns the patterns in sshd's setting AuthorizedKeysFile that lead to files of one user, including patterns in Match
 * blocks and the defaults. Omits a file that is the same for all users, because this file belongs to the host.
 */
export function keyFilePatterns({ paths }: Host): string[] {
  const folder = `${paths.etc}/ssh`;
  const more = namesAt(`${folder}/sshd_config.d`).map((name) => `${folder}/sshd_config.d/${name}`);
  const texts = [`${folder}/sshd_config`, ...more].map((path) => textAt(path) ?? "");
  const declared = texts.flatMap((text) => [...text.matchAll(/^\s*AuthorizedKeysFile[\s=]+(.*)$/gim)]);
  const words = declared.flatMap(([, list = ""]) => list.replaceAll('"', "").split(/\s+/));
  const own = words.filter((word) => /%[huU]/.test(word) || /^[^/]/.test(word));
  return [...new Set([...DEFAULT_FILES, ...own.filter((word) => word !== "none")])];
}

/** Returns the keys in a user's key files. The files are read with the user's rights, as sshd reads them. */
export function loginKeysOf(account: Account, patterns: readonly string[]): LoginKey[] {
  const paths = patterns.map((pattern) => pathOf(account, pattern));
  return asUser(account, () => paths.flatMap((path) => keysIn(path)));
}

function pathOf({ name, uid, home }: Account, pattern: string): string {
  const values: Readonly<Record<string, string>> = { "%%": "%", "%h": home, "%u": name, "%U": String(uid) };
  return posix.resolve(
    home,
    pattern.replaceAll(/%[%huU]/g, (token) => values[token] ?? token),
  );
}

function keysIn(path: string): LoginKey[] {
  const lines = (orNothing(() => startOf(path)) ?? "").split("\n");
  return lines.flatMap((line, i) => {
    const fingerprint = fingerprintOf(line);
    return fingerprint === undefined ? [] : [{ fingerprint, where: `${path}:${i + 1}` }];
  });
}

/** The maximum number of bytes that are read from a key file. */
const CAP = 256 * 1024;

function startOf(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return "";
    const bytes = Buffer.alloc(CAP);
    return bytes.toString("utf8", 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
