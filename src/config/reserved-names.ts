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
