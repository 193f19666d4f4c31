/**
 * The access that members of well-known groups have, as the end of a sentence that begins with "the agent can". Each of
 * these groups gives root's rights, or a way to get them.
 */
const POWERS: Readonly<Record<string, string>> = {
  adm: "read all logs of the host, which can contain secrets",
  admin: "use sudo, which gives root's rights",
  disk: "read and write the host's disks, which gives root's rights",
  docker: "start containers with all files of the host in them, which gives root's rights",
  incus: "start containers with all files of the host in them, which gives root's rights",
  "incus-admin": "start containers with all files of the host in them, which gives root's rights",
  kmem: "read the memory of the kernel, which gives root's rights",
  kvm: "start virtual machines",
  libvirt: "start virtual machines with the host's disks in them, which gives root's rights",
  lxd: "start containers with all files of the host in them, which gives root's rights",
  podman: "start containers with all files of the host in them, which gives root's rights",
  root: "read and change the files of the group root, which can give root's rights",
  shadow: "read the hashes of all passwords",
  staff: "replace programs in /usr/local that root also starts, which gives root's rights",
  sudo: "use sudo, which gives root's rights",
  "systemd-journal": "read the journal of the host, which can contain secrets",
  wheel: "use sudo, which gives root's rights",
};

/** Returns what members of a group can do; undefined for a group without well-known rights. */
export function groupPower(group: string): string | undefined {
  return Object.hasOwn(POWERS, group) ? POWERS[group] : undefined;
}

/** Whether the only purpose of a group is to allow sudo to its members. */
export function isSudoGroup(group: string): boolean {
  return ["admin", "sudo", "wheel"].includes(group);
}
