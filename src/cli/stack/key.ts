import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isScalar, parseDocument } from "yaml";
import { InvalidError, MusterError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/files.ts";

/** The private key of a tenant's stack, relative to the project; never in git. */
export const keyFile = (stack: string): string => `stacks/${stack}.key`;

/** Makes a key pair where there is none. @returns its public half, without a comment */
export function ensureStackKey(dir: string, stack: string): string {
  const file = join(dir, keyFile(stack));
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) keygen("-q", "-t", "ed25519", "-N", "", "-C", `muster-${stack}`, "-f", file);
  return keygen("-y", "-f", file).trim().split(" ").slice(0, 2).join(" ");
}

/**
 * Writes a tenant's public key into fleet.yaml, whose comments stay.
 *
 * @throws InvalidError where the tenant is written in a way that has no place for it
 */
export function writePublicKey(fleetFile: string, tenant: string, key: string): void {
  const place = ["tenants", tenant];
  const text = withMapAt(readFileSync(fleetFile, "utf8"), place);
  const document = parseDocument(text);
  try {
    document.setIn([...place, "key"], key);
  } catch (cause) {
    const why = "it is no map of its own there, but an alias.";
    throw new InvalidError({
      what: `tenants.${tenant}`,
      why,
      next: `Write \`key: ${key}\` there yourself.`,
      cause,
    });
  }
  const flowCollectionPadding = !/\{[^\s}]/.test(text);
  writeFileAtomic(fleetFile, document.toString({ lineWidth: 0, flowCollectionPadding }));
}

/** `arc:` alone has no map yet; the library would move the comments that follow it. */
function withMapAt(text: string, place: readonly string[]): string {
  const node = parseDocument(text).getIn(place, true);
  if (!isScalar(node) || node.value !== null || !node.range) return text;
  const [start, end] = node.range;
  return `${text.slice(0, start).trimEnd()} {}${text.slice(end)}`;
}

/** Adds what git must not have to the project's .gitignore, where that is kept. @returns whether it was changed */
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
  const why = error?.message ?? (stderr.trim() || `it ended with ${status}.`);
  throw new MusterError({ what: "ssh-keygen", why, next: "See `npx fleet doctor`." });
}
