import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isScalar, parseDocument } from "yaml";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files.ts";

/** Returns the path of a tenant's private key, relative to the project. git ignores this file. */
export const keyFile = (stack: string): string => `stacks/${stack}.key`;

/** Creates a key pair if the stack has none. @returns the public key without a comment */
export function ensureStackKey(dir: string, stack: string): string {
  const file = join(dir, keyFile(stack));
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) keygen("-q", "-t", "ed25519", "-N", "", "-C", `muster-${stack}`, "-f", file);
  return keygen("-y", "-f", file).trim().split(" ").slice(0, 2).join(" ");
}

/**
 * Writes a tenant's public key into fleet.yaml. Keeps the comments in fleet.yaml.
 *
 * @throws InvalidError if the tenant's value is not a map to which a key can be added
 */
export function writePublicKey(fleetFile: string, tenant: string, key: string): void {
  const place = ["tenants", tenant];
  const text = withMapAt(readFileSync(fleetFile, "utf8"), place);
  const document = parseDocument(text);
  try {
    document.setIn([...place, "key"], key);
  } catch (cause) {
    const why = "its value in fleet.yaml is an alias, not a map.";
    throw new InvalidError({
      what: `the key cannot be added to tenants.${tenant}`,
      why,
      next: `Write \`key: ${key}\` there yourself.`,
      cause,
    });
  }
  const flowCollectionPadding = !/\{[^\s}]/.test(text);
  writeFileAtomic(fleetFile, document.toString({ lineWidth: 0, flowCollectionPadding }));
}

/**
 * Turns a key without a value, such as `arc:`, into an empty map. Otherwise the YAML library would move the
 * comments that follow this key.
 */
function withMapAt(text: string, place: readonly string[]): string {
  const node = parseDocument(text).getIn(place, true);
  if (!isScalar(node) || node.value !== null || !node.range) return text;
  const [start, end] = node.range;
  return `${text.slice(0, start).trimEnd()} {}${text.slice(end)}`;
}

/** Adds a pattern to the project's .gitignore if it is missing. @returns whether the file was changed */
export function ensureIgnored(dir: string, pattern: string): boolean {
  const file = join(dir, ".gitignore");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text.split("\n").includes(pattern)) return false;
  writeFileAtomic(file, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${pattern}\n`);
  return true;
}

function keygen(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("ssh-keygen", args, { encoding: "utf8" });
  if (status === 0) return stdout;
  const why = error?.message ?? (stderr.trim() || `it exited with status ${status}.`);
  throw new MusterError({ what: "ssh-keygen failed", why, next: "Run `npx fleet doctor`." });
}
