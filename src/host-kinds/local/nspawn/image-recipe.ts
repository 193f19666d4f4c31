import { createHash } from "node:crypto";

export const SUITE = "bookworm";

/**
 * The packages that systemd, sshd and the units of agents need. Agents install all other packages themselves.
 */
export const PACKAGES = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "libpam-systemd",
  "openssh-server",
  "ca-certificates",
  "iproute2",
  "procps",
  "tmux",
  "sudo",
  "git",
  "python3-minimal",
  "sqlite3",
];

/** The folder in a host that contains the host's configuration. This machine mounts the folder read-only. */
export const HOST_CONFIG = "/etc/muster-host";

/**
 * The units that hosts do not need: periodic tasks, which use CPU time, and the login on the console, which nobody
 * uses.
 */
export const MASKED_UNITS = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "console-getty.service",
];

/** The texts of the files that Muster adds to the base, by path. */
export const FILES: Readonly<Record<string, string>> = {
  "/etc/ssh/sshd_config.d/muster.conf": `LogLevel VERBOSE
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
HostKey /etc/ssh/ssh_host_ed25519_key
MaxStartups 100:30:200
Match User root
  AuthorizedKeysFile .ssh/authorized_keys ${HOST_CONFIG}/authorized_keys
`,
  "/etc/systemd/system/muster-address.service": `[Unit]
Description=The address of this host on the machine's bridge
DefaultDependencies=no
After=local-fs.target
Before=network.target ssh.service

[Service]
Type=oneshot
RemainAfterExit=yes
EnvironmentFile=${HOST_CONFIG}/address
ExecStart=/usr/sbin/ip link set host0 up
ExecStart=/usr/sbin/ip address replace \${ADDRESS} dev host0
ExecStart=/usr/sbin/ip route replace default via \${GATEWAY}

[Install]
WantedBy=multi-user.target
`,
};

/**
 * The first program that runs in a host. The program is in HOST_CONFIG, so that no user of the host can delete it. On
 * machines with cgroup v1, systemd-nspawn mounts the controllers read-only, so that the limits of units would have no
 * effect. The program therefore mounts the controllers again. The new mounts are writable, but the cgroup namespace
 * restricts them to this host.
 */
export const INIT = `#!/bin/sh
while read -r _ folder type options _; do
  case "$type $options" in
    "cgroup ro,"*)
      controllers=\${folder##*/}
      umount "$folder" && mount -t cgroup -o "nosuid,nodev,noexec,$controllers" cgroup "$folder"
      ;;
  esac
done </proc/mounts
exec /lib/systemd/systemd
`;

/**
 * Returns the folder name of a base. The name contains a digest of the recipe. A changed recipe therefore creates a new
 * base, and existing hosts keep their old base.
 */
export function baseName(nodeVersion: string): string {
  const recipe = JSON.stringify([SUITE, PACKAGES, MASKED_UNITS, FILES, process.arch, nodeVersion]);
  return `base-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`;
}
