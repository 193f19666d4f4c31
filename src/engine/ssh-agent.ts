/** A program that replaces this process: its file, and its arguments including argv[0]. */
export interface ProgramCall {
  readonly file: string;
  readonly args: string[];
}

/**
 * Wraps a program in an ssh-agent, which holds the keys and ends a few seconds after the program. An agent is
 * needed because the vendor's remote commands cannot read key files, and a key in their inputs would be
 * stored in the state. Keys never leave the agent.
 *
 * Muster's own ssh keeps using the user's agent, whose socket is then in MUSTER_SSH_AUTH_SOCK.
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
 * Adds the keys to the agent, and then runs the program. If a key cannot be added, ssh-add reports it, and so
 * does the command that needs the key.
 */
const ADD_KEYS =
  'n=$1; shift; while [ "$n" -gt 0 ]; do ssh-add -q "$1" </dev/null; shift; n=$((n - 1)); done; exec "$@"';
