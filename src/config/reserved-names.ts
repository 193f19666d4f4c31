/**
 * Names of users and groups that Debian 12 and its usual packages create: an agent or tenant of such a
 * name would take over what belongs to the system. Source: base-passwd's passwd.master and
 * group.master, systemd's sysusers.d, and the packages that hosts of ours run. `hostd`: its folder in memory would be the
 * deadman's.
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

/** Tells whether a Linux user or group of this name belongs to the system, or is one of our gates' accounts. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name) || name.startsWith("muster-");
}

/**
 * Units without which a Debian does not boot, has no network or lets nobody in: as somebody's service, a mistake in
 * fleet.yaml would take the whole host away. Source: systemd 252's own units, and Debian 12's packages openssh-server,
 * dbus, polkitd, ifupdown, network-manager and cloud-init.
 */
const SYSTEM =
  /^(systemd-.*|dbus|dbus-broker|polkit|ssh|sshd|user|user-runtime-dir|(serial-|console-|container-)?getty|initrd-.*|emergency|rescue|networking|ifup.*|NetworkManager.*|cloud-(init.*|config|final))\.service$/;

/** Why a unit can be nobody's service, as a sentence without its subject; nothing where it can. */
export function reservedUnit(unit: string): string | undefined {
  if (unit.startsWith("muster-")) return `"${unit}" is Muster's own`;
  return SYSTEM.test(unit) ? `"${unit}" is one that the host itself cannot do without` : undefined;
}

/**
 * Places that are no service's to write: units, which are `unitFile`; Muster's own; and by what people and programs get
 * rights on the host.
 */
const OWN_PLACES =
  /^\/(etc\/systemd|usr\/local\/lib\/(systemd|muster)|etc\/(sudoers|passwd|shadow|group|gshadow|subuid|subgid|ssh|pam|security))([./-]|$)|\/muster-[^/]*$/;

/** Whether a path is none that a service may have. */
export function isReservedPath(path: string): boolean {
  return OWN_PLACES.test(path);
}
