/** A program that takes over this process: its file, and its arguments from the zeroth on. */
export interface Becoming {
  readonly file: string;
  readonly args: string[];
}

/**
 * Wraps a program with an ssh-agent of its own, which has the keys and ends a few seconds after it. The vendor's remote
 * commands read no key files, and a key among their inputs would be in the state; an agent's keys never leave it.
 *
 * Our own ssh goes on with the user's agent, which `env` then names by another variable.
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

/** A key that cannot be added is reported by ssh-add, and again by whatever needs it. */
const LEND =
  'n=$1; shift; while [ "$n" -gt 0 ]; do ssh-add -q "$1" </dev/null; shift; n=$((n - 1)); done; exec "$@"';
