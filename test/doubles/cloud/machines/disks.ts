import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { supervisorPid } from "../../../../src/host-kinds/local/nspawn/supervisor-process.ts";
import type { Disk } from "./machines.ts";

/** Volumes as block devices. Each volume is a file in the cloud's folder, with a loop device in a host's /dev. */
export interface Disks {
  /** Adds a volume to a running host. The host keeps the volume until it is detached. */
  attach(hostDir: string, disk: Disk): Promise<void>;
  detach(hostDir: string, disk: Disk): Promise<void>;
  /** Adds the attached volumes to a host again after it was powered off. */
  restore(hostDir: string): Promise<void>;
  resize(disk: Disk): Promise<void>;
  remove(disk: Disk): Promise<void>;
  removeAll(): Promise<void>;
}

const GIB = 2 ** 30;

export function disksIn(dir: string): Disks {
  const folder = join(dir, "volumes");
  const held = new Map<string, { hostDir: string; disk: Disk }>();
  const fileOf = ({ id }: Disk): string => join(folder, `${id}.img`);
  const show = async (hostDir: string, disk: Disk): Promise<void> => {
    const numbers = await deviceOf(await loopOf(fileOf(disk), true));
    const [node, link] = [nodeOf(disk), linkOf(disk)];
    const script = `mkdir -p /dev/disk/by-id && rm -f ${node} && mknod ${node} b ${numbers} && ln -sf ${node} ${link}`;
    await inHost(hostDir, script);
  };
  return {
    attach: async (hostDir, disk) => {
      await makeImage(folder, fileOf(disk), disk);
      held.set(disk.id, { hostDir, disk });
      await show(hostDir, disk);
    },
    detach: async (hostDir, disk) => {
      held.delete(disk.id);
      const script = `umount -q -A ${nodeOf(disk)}; rm -f ${nodeOf(disk)} ${linkOf(disk)}`;
      if (supervisorPid(hostDir) !== undefined) await inHost(hostDir, script);
      await release(fileOf(disk));
    },
    restore: async (hostDir) => {
      for (const one of held.values()) if (one.hostDir === hostDir) await show(hostDir, one.disk);
    },
    resize: async (disk) => {
      if (!existsSync(fileOf(disk))) return;
      truncateSync(fileOf(disk), disk.size * GIB);
      const loop = await loopOf(fileOf(disk), false);
      if (loop !== undefined) await execa("losetup", ["--set-capacity", loop]);
    },
    remove: async (disk) => {
      await release(fileOf(disk));
      rmSync(fileOf(disk), { force: true });
    },
    removeAll: async () => {
      if (!existsSync(folder)) return;
      for (const name of readdirSync(folder)) await release(join(folder, name));
    },
  };
}

/** DigitalOcean's name for a volume's device. Host and volume names have only letters, digits and dashes. */
function linkOf({ name }: Disk): string {
  return `/dev/disk/by-id/scsi-0DO_Volume_${name}`;
}

function nodeOf({ name }: Disk): string {
  return `/dev/volume-${name}`;
}

/** Makes a sparse file, so that a volume uses no space until something is written to it. */
async function makeImage(folder: string, file: string, { size, filesystem }: Disk): Promise<void> {
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, "");
  truncateSync(file, size * GIB);
  if (filesystem !== "") await execa(`mkfs.${filesystem}`, ["-q", file]);
}

async function loopOf(file: string, make: true): Promise<string>;
async function loopOf(file: string, make: false): Promise<string | undefined>;
async function loopOf(file: string, make: boolean): Promise<string | undefined> {
  const { stdout } = await execa("losetup", ["--associated", file, "--noheadings", "--output", "NAME"]);
  const [loop] = stdout.split("\n").filter(Boolean);
  if (loop !== undefined || !make) return loop;
  return (await execa("losetup", ["--find", "--show", file])).stdout;
}

async function release(file: string): Promise<void> {
  const loop = await loopOf(file, false);
  if (loop !== undefined) await execa("losetup", ["--detach", loop]);
}

/** Returns the major and minor number of a loop device. */
async function deviceOf(loop: string): Promise<string> {
  return readFileSync(join("/sys/block", loop.replace("/dev/", ""), "dev"), "utf8")
    .trim()
    .replace(":", " ");
}

/** Runs a script in a host's mount namespace from outside, because a host cannot create device nodes itself. */
async function inHost(hostDir: string, script: string): Promise<void> {
  await execa("nsenter", [`--target=${initOf(hostDir)}`, "--mount", "/bin/sh", "-c", script]);
}

/** Returns the process ID of the host's init. init is a child of systemd-nspawn, which is a child of the supervisor. */
function initOf(hostDir: string): number {
  const nspawn = childrenOf(supervisorPid(hostDir) ?? 0).find((pid) => nameOf(pid) === "systemd-nspawn");
  const init = childrenOf(nspawn ?? 0).find((pid) => nameOf(pid) === "systemd");
  if (init === undefined) throw new Error(`the host in ${hostDir} does not run`);
  return init;
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number) : [];
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}
