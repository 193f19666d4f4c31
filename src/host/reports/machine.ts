import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, loadavg, totalmem, uptime } from "node:os";
import type { Disk, Machine } from "../../model/machine-health.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Host } from "../context.ts";
import { deadmanState } from "../units/deadman-view-file.ts";

/** Clock ticks per second in proc_pid_stat(5), a constant on every Linux that Node supports. */
const TICKS = 100;

/** Types of read-only file systems, which are always full. */
const IMAGES = new Set(["squashfs", "erofs", "iso9660"]);

/** Returns the current state of this machine. Runs no program other than systemctl. */
export function machine(host: Host): Machine {
  const [, load = 0] = loadavg();
  const deadman = deadmanState(host);
  return {
    uptime: Math.max(0, Math.floor(uptime() - startOfInit())),
    cores: availableParallelism(),
    load,
    memory: { size: totalmem(), used: percent(totalmem() - freemem(), totalmem()) },
    disks: disksIn(readFileSync(host.paths.mounts, "utf8")).flatMap(diskAt),
    failed: failedUnits(host),
    ...(deadman && { deadman }),
  };
}

/**
 * Returns one mount point for each file system on a disk: always the root file system, and one mount point for each
 * mounted device.
 *
 * @param mounts in the format of proc_pid_mounts(5)
 */
export function disksIn(mounts: string): string[] {
  const rows = mounts.split("\n").map((line) => line.split(" "));
  const disks = new Map<string, string>();
  for (const [device = "", path = "", type = ""] of rows) {
    const isDisk = path === "/" || (device.startsWith("/") && !IMAGES.has(type));
    if (isDisk && !disks.has(device)) disks.set(device, path.replaceAll("\\040", " "));
  }
  return [...disks.values()];
}

/**
 * Returns the use of a file system, computed as in df(1); an empty list if the file system cannot be queried or has no
 * size.
 */
function diskAt(path: string): Disk[] {
  try {
    const { blocks, bfree, bavail, bsize, files, ffree } = statfsSync(path);
    if (blocks === 0) return [];
    const used = blocks - bfree;
    const fullest = Math.max(percent(used, used + bavail), percent(files - ffree, files));
    return [{ path: shown(path), size: blocks * bsize, used: fullest }];
  } catch {
    return [];
  }
}

function failedUnits(host: Host): string[] {
  const list = ["list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"];
  const { stdout } = host.run("systemctl", list, { timeout: 20 });
  return stdout.split("\n").flatMap((line) => (line.split(" ")[0] ? [shown(line.split(" ")[0] ?? "")] : []));
}

/**
 * Returns how many seconds after the kernel the first process was started. In a container, this can be days.
 */
function startOfInit(): number {
  const stat = readFileSync("/proc/1/stat", "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]) / TICKS;
}

function percent(part: number, total: number): number {
  return total === 0 ? 0 : Math.round((1000 * part) / total) / 10;
}
