/** A program that replaces this process: its file, and its arguments including argv[0]. */
export interface ProgramCall {
  readonly file: string;
  readonly args: string[];
}

/**
 * Returns a call that runs a program together with an ssh-agent. The ssh-agent contains the keys, and ends a few
 * seconds after the program. The ssh-agent is needed because the vendor's remote commands cannot read key files, and a
 * key in their inputs would be stored in the state. The keys never leave the ssh-agent.
 *
 * Muster's own ssh still uses the user's ssh-agent. MUSTER_SSH_AUTH_SOCK contains the path of the user's socket.
 */
export function withSshAgent(
  program: ProgramCall,
  keys: readonly string[],
  env: NodeJS.ProcessEnv,
): ProgramCall {
  if (keys.length === 0) return program;
  env["MUSTER_SSH_AUTH_SOCK"] = env["SSH_AUTH_SOCK"] ?? "";
  const [, ...args] = program.args;
  const start = 'exec ssh-agent /bin/sh -c "$0" muster "$@"';
  return {
    file: "/bin/sh",
    args: ["sh", "-c", start, ADD_KEYS, `${keys.length}`, ...keys, program.file, ...args],
  };
}

/**
 * A shell script that adds the keys to the ssh-agent, and then runs the program. If a key cannot be added, ssh-add
 * reports the error, and the command that needs the key fails later.
 */
const ADD_KEYS =
  'n=$1; shift; while [ "$n" -gt 0 ]; do ssh-add -q "$1" </dev/null; shift; n=$((n - 1)); done; exec "$@"';
