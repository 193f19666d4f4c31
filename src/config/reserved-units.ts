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
