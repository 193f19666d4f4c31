/**
 * The names of users and groups that Debian 12 and its common packages create. An agent or tenant with one of
 * these names would take over a user or group of the system. Sources: passwd.master and group.master of
 * base-passwd, sysusers.d of systemd, and common server packages. `hostd` is reserved for the deadman's
 * folder in /run.
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

/** Whether a Linux user or group with this name belongs to the system or to Muster itself. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name) || name.startsWith("muster-");
}

/**
 * The units that a Debian host needs to boot, to have a network and to accept logins. These units cannot be declared,
 * because a mistake in fleet.yaml could then make the host unreachable. Sources: the units of systemd 252, and the
 * packages openssh-server, dbus, polkitd, ifupdown, network-manager and cloud-init of Debian 12.
 */
const SYSTEM =
  /^(systemd-.*|dbus|dbus-broker|polkit|ssh|sshd|user|user-runtime-dir|(serial-|console-|container-)?getty|initrd-.*|emergency|rescue|networking|ifup.*|NetworkManager.*|cloud-(init.*|config|final))\.service$/;

/** Returns the reason why a unit cannot be declared as a service; undefined if the unit can be declared. */
export function reservedUnit(unit: string): string | undefined {
  if (unit.startsWith("muster-")) return `"${unit}" is Muster's own unit`;
  return SYSTEM.test(unit) ? `"${unit}" is essential to the host itself` : undefined;
}

/**
 * Paths at which a service cannot declare a file: units, which belong in `unitFile`; files of Muster; and
 * files that control access to the host.
 */
const OWN_PLACES =
  /^\/(etc\/systemd|usr\/local\/lib\/(systemd|muster)|etc\/(sudoers|passwd|shadow|group|gshadow|subuid|subgid|ssh|pam|security))([./-]|$)|\/muster-[^/]*$/;

/** Whether a service is not allowed to declare a file with this path. */
export function isReservedPath(path: string): boolean {
  return OWN_PLACES.test(path);
}
