import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { writeFileLocked } from "../../../../base/files.ts";
import type { HostFile } from "../host-file.ts";
import { HOST_CONFIG, INIT } from "../image-recipe.ts";
import type { HostPaths } from "../local-host-paths.ts";
import { BRIDGE } from "./network.ts";

/**
 * The script that runs one host, and boots the host again when the host requests a reboot. With `--keep-unit`,
 * systemd-nspawn exits with 133 after such a request. The arguments of the script are the ID of the host, the base, the
 * cgroups, `--`, and the arguments of systemd-nspawn. Only the script and its child processes see the mounts. The
 * mounts disappear when the last of these processes ends. /run is a tmpfs, because systemd-nspawn deletes its files
 * there after a reboot, and refuses to do so on a disk. Each boot gets new cgroups, because cgroup v2 does not accept a
 * process in a cgroup if the children of that cgroup have controllers.
 */
const SUPERVISE = `#!/bin/sh
set -eu
id=$1 base=$2 groups=
shift 2
while [ "$1" != -- ]; do groups="$groups $1"; shift; done
shift
cat /proc/$$/stat >"hosts/$id/pid.new"
mv "hosts/$id/pid.new" "hosts/$id/pid"
join() { for group in $groups; do mkdir -p "$group/$1"; echo 0 >"$group/$1/cgroup.procs"; done; }
join keeper
mount -t tmpfs -o mode=755 tmpfs /run
disk=hosts/$id/disk
mount -t overlay -o "lowerdir=$base,upperdir=$disk/upper,workdir=$disk/work" overlay "hosts/$id/root"
boots=0 status=133
while [ $status = 133 ]; do
  boots=$((boots + 1)) status=0
  (join "boot-$boots"; exec systemd-nspawn "$@") || status=$?
done
exit $status
`;

/**
 * Starts a host in a separate session and separate cgroups, so that the host keeps running when this process and its
 * parents end. A lock on the folder of the host prevents a second supervisor.
 */
export function startSupervisor(host: HostPaths, file: HostFile, cgroups: readonly string[]): ChildProcess {
  const log = openSync(join(host.dir, "console.log"), "w", 0o644);
  const once = ["--nonblock", "--no-fork", join(host.dir, "running"), "unshare", "--mount"];
  const script = join(host.dir, "supervise");
  writeFileLocked(script, SUPERVISE, 0o755);
  writeFileLocked(join(host.dir, "config/init"), INIT, 0o755);
  const child = spawn(
    "flock",
    [...once, script, host.id, file.base, ...cgroups, "--", ...nspawnArgs(host, file)],
    {
      cwd: host.local,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" },
      detached: true,
      stdio: ["ignore", log, log],
    },
  );
  child.unref();
  closeSync(log);
  return child;
}

/**
 * The file with the name servers that systemd-resolved uses. Hosts must query these servers directly, because
 * systemd-resolved listens only on the loopback interface of this machine.
 */
const UPLINK = "/run/systemd/resolve/resolv.conf";

/**
 * Returns the arguments of systemd-nspawn. With `--keep-unit --register=no`, it needs neither systemd nor
 * machined on this machine.
 */
function nspawnArgs(host: HostPaths, file: HostFile): string[] {
  const config = join(host.dir, "config").replaceAll(/[\\:]/g, "\\$&");
  return [
    `--directory=${join(host.dir, "root")}`,
    `--machine=${host.id}`,
    `--hostname=${file.name}`,
    `--bind-ro=${config}:${HOST_CONFIG}`,
    `--network-bridge=${BRIDGE}`,
    "--register=no",
    "--keep-unit",
    "--kill-signal=SIGRTMIN+3",
    "--link-journal=no",
    // systemd-nspawn forbids these calls by default. A real host allows them.
    "--system-call-filter=landlock_add_rule landlock_create_ruleset landlock_restrict_self fanotify_init fanotify_mark",
    `--resolv-conf=${existsSync(UPLINK) ? "replace-uplink" : "replace-host"}`,
    "--timezone=off",
    `${HOST_CONFIG}/init`,
  ];
}
