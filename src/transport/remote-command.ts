import { LOCK_FILE, RUNTIME_DIR, STATE_DIR } from "../model/host-paths.ts";
import { MARKER } from "../model/protocol.ts";

/** Where things lie on the host; other than the defaults in tests alone. */
export interface RemoteDirs {
  readonly runtime: string;
  readonly state: string;
  readonly lock: string;
  /** There as long as systemd runs; sd_booted(3). */
  readonly systemd: string;
}

export const REMOTE_DIRS: RemoteDirs = {
  runtime: RUNTIME_DIR,
  state: STATE_DIR,
  lock: LOCK_FILE,
  systemd: "/run/systemd/system",
};

/** Says that no runtime is installed, and for which machine one is needed. */
export const ABSENT = "absent ";

/**
 * What is started on the host: the runtime, which only looks or serves all requests, or a shell that reads a script,
 * root's or the login's own. Where no runtime is installed, `serve` becomes root's shell, and `look` just ends.
 */
export type RemoteProgram = "look" | "serve" | "shell" | "plain";

/**
 * The constant command for the login's shell, whichever that is: one line, and within its quotes no `'`,
 * `!` or `\`, which fish and csh would read in their own way. The remote side tests whether it is root,
 * because ssh_config may decide the login.
 */
export function remoteCommand(program: RemoteProgram, dirs: RemoteDirs = REMOTE_DIRS): string {
  const run = `${constantPath(dirs.runtime)}/run`;
  const asRoot = `LC_ALL=C; export LC_ALL; r=; [ "$(id -u)" = 0 ] || r="sudo -n"`;
  // Where a folder above hides it from the login, only root can tell that it is not installed.
  const serve = (flags: string) => [
    `[ -x ${run} ] && exec $r ${run} serve${flags}`,
    "$r true || exit 1",
    `$r test -x ${run} && exec $r ${run} serve${flags}`,
  ];
  const absent = `echo ${MARKER}${ABSENT}$(uname -m)`;
  const scripts: Record<RemoteProgram, readonly string[]> = {
    look: [asRoot, ...serve(" --read-only"), absent],
    serve: [asRoot, ...serve(""), absent, "exec $r /bin/sh"],
    shell: [asRoot, "$r true || exit 1", absent, "exec $r /bin/sh"],
    plain: ["LC_ALL=C; export LC_ALL", absent, "exec /bin/sh"],
  };
  return `/bin/sh -c '${scripts[program].join("; ")}'`;
}

function constantPath(path: string): string {
  if (!/^\/[\w./-]+$/.test(path)) throw new Error(`${path} cannot stand in a remote command`);
  return path;
}
