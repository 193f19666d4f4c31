import { LOCK_FILE, RUNTIME_DIR, STATE_DIR } from "../model/host-paths.ts";
import { MARKER } from "../model/protocol.ts";

/** Paths on the host. Only tests change the defaults. */
export interface RemoteDirs {
  readonly runtime: string;
  readonly state: string;
  readonly lock: string;
  /** A folder that exists only if the system was booted with systemd; see sd_booted(3). */
  readonly systemd: string;
}

export const REMOTE_DIRS: RemoteDirs = {
  runtime: RUNTIME_DIR,
  state: STATE_DIR,
  lock: LOCK_FILE,
  systemd: "/run/systemd/system",
};

/** The beginning of the answer from a host without a runtime. The architecture of the host (`uname -m`) follows. */
export const ABSENT = "absent ";

/**
 * The program to start on a host. `look`: the runtime, which only reads. `serve`: the runtime, which accepts all
 * requests. `shell`: a root shell that reads a script. `plain`: a shell that reads a script and runs as the login. If
 * no runtime is installed, `serve` starts a root shell, and `look` ends.
 */
export type RemoteProgram = "look" | "serve" | "shell" | "plain";

/**
 * Returns the command that ssh passes to the shell of the login. The command must work in every shell. It is
 * therefore a single line without `'`, `!` or `\` inside its quotes, because fish and csh treat these
 * characters differently. The command itself checks whether it runs as root, because ssh_config can determine
 * the login. The command first prints an empty line, which shows that the connection works, because the runtime can need
 * a while to start.
 */
export function remoteCommand(program: RemoteProgram, dirs: RemoteDirs = REMOTE_DIRS): string {
  const run = `${constantPath(dirs.runtime)}/run`;
  const asRoot = `LC_ALL=C; export LC_ALL; r=; [ "$(id -u)" = 0 ] || r="sudo -n"`;
  // If the login cannot enter the folder of the runtime, only root can check whether the runtime is installed.
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
  return `/bin/sh -c '${["echo", ...scripts[program]].join("; ")}'`;
}

function constantPath(path: string): string {
  if (!/^\/[\w./-]+$/.test(path)) throw new Error(`${path} cannot be used in a remote command`);
  return path;
}
