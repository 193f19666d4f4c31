/**
 * Names of users and groups that Debian 12 and its usual packages create: an agent or tenant with such a
 * name would take over what belongs to the system. Source: base-passwd's passwd.master and
 * group.master, systemd's sysusers.d, and common server packages. `hostd` is the name of
 * the deadman's folder in /run.
 */
const RESERVED = new Set(
  (
    "root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup " +
    "adm tty disk kmem dialout fax voice cdrom floppy tape sudo audio dip operator src shadow utmp video sasl " +
    "plugdev staff users input sgx kvm render crontab netdev tss ssh sshd messagebus polkitd uuidd tcpdump " +
    "systemd-journal systemd-network systemd-resolve systemd-timesync systemd-coredump systemd-oom " +
    "ssl-cert postfix postdrop postgres mysql redis docker lxd wheel avahi dnsmasq ntp chrony statd " +
    "prometheus node-exporter muster hostd"
  ).split(" "),
);

/** Whether a Linux user or group of this name belongs to the system, or is an account that Muster creates for a key. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name) || name.startsWith("muster-");
}

/**
 * Units without which a Debian host does not boot, has no network or accepts no login: if they could be declared, a
 * mistake in fleet.yaml would make the whole host unreachable. Source: systemd 252's own units, and Debian 12's packages openssh-server,
 * dbus, polkitd, ifupdown, network-manager and cloud-init.
 */
const SYSTEM =
  /^(systemd-.*|dbus|dbus-broker|polkit|ssh|sshd|user|user-runtime-dir|(serial-|console-|container-)?getty|initrd-.*|emergency|rescue|networking|ifup.*|NetworkManager.*|cloud-(init.*|config|final))\.service$/;

/** Why a unit cannot be declared as a service; undefined if it can. */
export function reservedUnit(unit: string): string | undefined {
  if (unit.startsWith("muster-")) return `"${unit}" is Muster's own`;
  return SYSTEM.test(unit) ? `"${unit}" is essential to the host itself` : undefined;
}

/**
 * Paths that a service cannot write: units (`unitFile` is for those), Muster's own files, and files that control access
 * to the host.
 */
const OWN_PLACES =
  /^\/(etc\/systemd|usr\/local\/lib\/(systemd|muster)|etc\/(sudoers|passwd|shadow|group|gshadow|subuid|subgid|ssh|pam|security))([./-]|$)|\/muster-[^/]*$/;

/** Whether no service can write this path. */
export function isReservedPath(path: string): boolean {
  return OWN_PLACES.test(path);
}
