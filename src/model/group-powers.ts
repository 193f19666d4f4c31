/**
 * The access that members of well-known groups have, as the end of a sentence that begins with "the agent can". Each of
 * these groups gives root privileges, or a way to get root privileges.
 */
const POWERS: Readonly<Record<string, string>> = {
  adm: "read all logs of the host, which can contain secrets",
  admin: "use sudo, which gives root privileges",
  disk: "read and write the host's disks, which gives root privileges",
  docker: "start containers that mount the host's whole file system, which gives root privileges",
  incus: "start containers that mount the host's whole file system, which gives root privileges",
  "incus-admin": "start containers that mount the host's whole file system, which gives root privileges",
  kmem: "read the memory of the kernel, which gives root privileges",
  kvm: "start virtual machines",
  libvirt: "start virtual machines that use the host's disks, which gives root privileges",
  lxd: "start containers that mount the host's whole file system, which gives root privileges",
  podman: "start containers that mount the host's whole file system, which gives root privileges",
  root: "read and change the files of the group root, which can give root privileges",
  shadow: "read the hashes of all passwords",
  staff: "replace programs in /usr/local that root also starts, which gives root privileges",
  sudo: "use sudo, which gives root privileges",
  "systemd-journal": "read the journal of the host, which can contain secrets",
  wheel: "use sudo, which gives root privileges",
};

/**
 * Returns the end of a sentence about what members of a group can do; undefined for a group without well-known access.
 */
export function groupPower(group: string): string | undefined {
  return Object.hasOwn(POWERS, group) ? POWERS[group] : undefined;
}

/** Whether the only purpose of a group is to allow sudo to its members. */
export function isSudoGroup(group: string): boolean {
  return ["admin", "sudo", "wheel"].includes(group);
}
