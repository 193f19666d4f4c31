import { createHash } from "node:crypto";

export const SUITE = "bookworm";

/** What systemd, sshd and the units of agents need; agents bring the rest themselves. */
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

/** Where a host finds what differs from host to host: a folder of the machine, read-only in the host. */
export const HOST_CONFIG = "/etc/muster-host";

/** Periodic chores that would wake every host, and logins on a console that nobody sees. */
export const MASKED_UNITS = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "console-getty.service",
];

/** Our own files in the base, by path. */
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
 * What a host boots with; it stands in HOST_CONFIG, where nobody in the host can lose it. Where the machine has cgroup
 * v1, systemd-nspawn mounts its controllers read-only, so that no unit's limits would count. A fresh mount is writable,
 * and the cgroup namespace bounds it to this host.
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

/** The base's folder name: another recipe makes another base, so that hosts keep the one they were made from. */
export function baseName(nodeVersion: string): string {
  const recipe = JSON.stringify([SUITE, PACKAGES, MASKED_UNITS, FILES, process.arch, nodeVersion]);
  return `base-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`;
}
