import { type Fault, scripted } from "./fault.ts";

const HOMES = "$(ls -d /home/*)";

export const disk: readonly Fault[] = [
  scripted({
    name: "disk full",
    effect: "failing",
    says: /no space left on device/,
    begin: `for home in ${HOMES}; do ${fullDiskAt("$home")}; done`,
    end: `umount -l ${HOMES}`,
  }),
  scripted({
    name: "file system read-only",
    effect: "failing",
    says: /read-only file system/,
    begin: `for dir in /var/lib/muster ${HOMES}; do mount --bind $dir $dir; mount -o remount,ro,bind $dir; done`,
    end: `umount -l /var/lib/muster ${HOMES}`,
  }),
];

/** Returns a script that mounts a small, full disk over a folder. The disk has the same content as the folder. */
export function fullDiskAt(dir: string): string {
  return `set -e
    attributes=$(stat -c 'uid=%u,gid=%g,mode=%a' ${dir})
    mkdir -p /run/old && mount --bind ${dir} /run/old && mount --make-private /run/old
    mount -t tmpfs -o size=256k,$attributes tmpfs ${dir}
    cp -a /run/old/. ${dir} && umount /run/old
    dd if=/dev/zero of=${dir}/filler bs=4k 2>/dev/null || true`;
}
