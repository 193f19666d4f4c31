/** A file system of a host that can become full. */
export interface Disk {
  /** The mount point. */
  readonly path: string;
  /** The size in bytes. */
  readonly size: number;
  /** The percentage of bytes in use or the percentage of inodes in use, whichever is higher. */
  readonly used: number;
}

/** The state of a host's machine. */
export interface Machine {
  /** The number of seconds since the host's systemd started. */
  readonly uptime: number;
  readonly cores: number;
  /** The load average of the last 5 minutes. */
  readonly load: number;
  readonly memory: {
    /** The size in bytes. */
    readonly size: number;
    /** The percentage of the memory that is not available to programs. */
    readonly used: number;
  };
  readonly disks: readonly Disk[];
  /** The names of the units that systemd reports as failed. */
  readonly failed: readonly string[];
  /**
   * Whether the deadman is active (`watching`) or does not respond (`silent`); absent if it is not installed.
   */
  readonly deadman?: "watching" | "silent";
}

/** The limits within which a host counts as healthy. */
export interface Healthy {
  /** The maximum percentage of each file system that is in use. */
  readonly disk: number;
  /** The maximum percentage of the memory that is in use. */
  readonly memory: number;
  /** The maximum load average of the last 5 minutes, divided by the number of cores. */
  readonly load: number;
}

/**
 * The default limits. A full disk stops every program that writes, so the disk limit is low enough to leave time to
 * act. Memory that the kernel can free immediately, such as caches, does not count as in use. A load of 4 per core for
 * 5 minutes is a lasting overload and not only a short peak.
 */
export const HEALTHY: Healthy = { disk: 80, memory: 90, load: 4 };

/** Returns the file system with the highest percentage in use; undefined if there is no file system. */
export function fullestOf({ disks }: Machine): Disk | undefined {
  return disks.reduce<Disk | undefined>(
    (most, disk) => (disk.used > (most?.used ?? -1) ? disk : most),
    undefined,
  );
}

/** Returns the load average divided by the number of cores. */
export function loadOf({ load, cores }: Machine): number {
  return load / Math.max(1, cores);
}
