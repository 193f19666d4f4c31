import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { writeFileLocked } from "../../../../base/files.ts";
import type { HostFile } from "../host-file.ts";
import { HOST_CONFIG, INIT } from "../image-recipe.ts";
import type { HostPlace } from "../local-host-paths.ts";
import { BRIDGE } from "./network.ts";

/**
 * Keeps one host up; its arguments are the host's id, its base, its cgroups, `--`, and systemd-nspawn's.
 * The mounts are seen by this process and its children alone and end with them, so none can be left behind.
 * /run is a tmpfs because systemd-nspawn cleans up there after a reboot and refuses to on a disk. Each start
 * has fresh cgroups, as cgroup v2 lets no process into a group whose children have controllers.
 * systemd-nspawn ends with 133 when the host asks for a reboot (its --keep-unit).
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
 * Starts a host in a session and cgroups of its own, so that it outlives us and whoever started us. A lock on
 * its folder keeps a second supervisor from starting.
 */
export function startSupervisor(host: HostPlace, file: HostFile, cgroups: readonly string[]): ChildProcess {
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

/** The name servers behind systemd-resolved, whose own address is the machine's loopback. */
const UPLINK = "/run/systemd/resolve/resolv.conf";

/** `--keep-unit --register=no`: needs neither systemd nor machined on this machine. */
function nspawnArgs(host: HostPlace, file: HostFile): string[] {
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
    `--resolv-conf=${existsSync(UPLINK) ? "replace-uplink" : "replace-host"}`,
    "--timezone=off",
    `${HOST_CONFIG}/init`,
  ];
}
