import { LOCK_FILE, RUNTIME_DIR, STATE_DIR } from "../model/host-paths.ts";
import { MARKER } from "../model/protocol.ts";

/** Paths on the host. Only tests change the defaults. */
export interface RemoteDirs {
  readonly runtime: string;
  readonly state: string;
  readonly lock: string;
  /** A folder that exists if the system was booted with systemd; sd_booted(3). */
  readonly systemd: string;
}

export const REMOTE_DIRS: RemoteDirs = {
  runtime: RUNTIME_DIR,
  state: STATE_DIR,
  lock: LOCK_FILE,
  systemd: "/run/systemd/system",
};

/** The beginning of the answer of a host without a runtime. The host's architecture (`uname -m`) follows. */
export const ABSENT = "absent ";

/**
 * What is started on the host. `look`: the runtime, for reading only. `serve`: the runtime, for all requests.
 * `shell`: a root shell that reads a script. `plain`: the same with the login's own rights. Without an
 * installed runtime, `serve` starts a root shell, and `look` ends.
 */
export type RemoteProgram = "look" | "serve" | "shell" | "plain";

/**
 * Returns the command that ssh gives to the login's shell. To work in every shell, it is one line, and has no
 * `'`, `!` or `\` inside its quotes, which fish and csh treat differently. The command itself checks whether
 * it runs as root, because the login may come from ssh_config.
 */
export function remoteCommand(program: RemoteProgram, dirs: RemoteDirs = REMOTE_DIRS): string {
  const run = `${constantPath(dirs.runtime)}/run`;
  const asRoot = `LC_ALL=C; export LC_ALL; r=; [ "$(id -u)" = 0 ] || r="sudo -n"`;
  // The login may not be allowed to enter the runtime's
  // folder. Then only root can see whether it is installed.
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
  if (!/^\/[\w./-]+$/.test(path)) throw new Error(`${path} cannot be used in a remote command`);
  return path;
}
