import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { hasDroplets } from "./droplets.ts";
import { type PulumiProject, readYaml } from "./project.ts";

/** The private keys that fleet.yaml names for droplets, absolute; where it is broken, none. */
export function keysOfDroplets(project: PulumiProject): string[] {
  const { dir } = project;
  // Most fleets have none, and need not be read whole to know it.
  if (!hasDroplets(project)) return [];
  const { cloud, hosts } = mapOf(readYaml(join(dir, "fleet.yaml")));
  const own = Object.values(mapOf(hosts)).map(mapOf);
  const files = own.flatMap((host) =>
    host["kind"] === "droplet" ? [host["identityFile"] ?? mapOf(cloud)["identityFile"]] : [],
  );
  const named = files.filter((file): file is string => typeof file === "string");
  return [...new Set(named)].map((file) =>
    file.startsWith("~/") ? join(homedir(), file.slice(2)) : resolve(dir, file),
  );
}

/** A program to become: its file, and its arguments from the zeroth on. */
export interface Becoming {
  readonly file: string;
  readonly args: string[];
}

/**
 * The same program under an ssh-agent of its own that has the keys and ends a few seconds after it. The vendor's remote commands read
 * no key files, and a key among their inputs would stand in the state; an agent's keys never leave it.
 *
 * Our own ssh goes on with the user's agent, which `env` then tells by another name.
 */
export function lendingKeys(program: Becoming, keys: readonly string[], env: NodeJS.ProcessEnv): Becoming {
  if (keys.length === 0) return program;
  env["MUSTER_SSH_AUTH_SOCK"] = env["SSH_AUTH_SOCK"] ?? "";
  const [, ...args] = program.args;
  const start = 'exec ssh-agent /bin/sh -c "$0" muster "$@"';
  return {
    file: "/bin/sh",
    args: ["sh", "-c", start, LEND, `${keys.length}`, ...keys, program.file, ...args],
  };
}

/** A key that cannot be lent is told by ssh-add, and again by whatever needs it. */
const LEND =
  'n=$1; shift; while [ "$n" -gt 0 ]; do ssh-add -q "$1" </dev/null; shift; n=$((n - 1)); done; exec "$@"';

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, unknown>) : {};
}
