import { dirname } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { HostItem } from "../../model/items.ts";
import type { Host } from "../context.ts";

/** The files that useradd and groupadd replace. */
const ACCOUNT_FILES = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"];

/**
 * Returns the error for an item that could not be changed. If somebody has made the item's file or folder immutable
 * with chattr(1), the error says so, because not even root can change such a file.
 */
export function explainImmutable(host: Host, item: HostItem, error: unknown): unknown {
  const path = placesOf(item).find((one) => isImmutable(host, one));
  if (path === undefined) return error;
  return new MusterError({
    what: path,
    why: `${path} is immutable or append-only, so nobody can replace it.`,
    next: `Run \`chattr -i -a ${path}\` on the host, or remove the item from fleet.yaml.`,
    cause: error,
  });
}

function placesOf(item: HostItem): readonly string[] {
  if ("path" in item) return [item.path, dirname(item.path)];
  return item.kind === "user" || item.kind === "group" ? ACCOUNT_FILES : [];
}

function isImmutable(host: Host, path: string): boolean {
  const { status, stdout } = host.run("lsattr", ["-d", "--", path]);
  return status === 0 && /^\S*[ia]/.test(stdout);
}
