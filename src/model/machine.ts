/** A file system of a host that can fill up. */
export interface Disk {
  /** Where it is mounted. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Percent in use, of bytes or of inodes, whichever is higher. */
  readonly used: number;
}

/** The state of a host itself. */
export interface Machine {
  /** Seconds since its systemd started. */
  readonly uptime: number;
  readonly cores: number;
  /** Processes that ran or waited, as the mean of the last 5 minutes. */
  readonly load: number;
  readonly memory: {
    /** Bytes. */
    readonly size: number;
    /** Percent that is not available to programs. */
    readonly used: number;
  };
  readonly disks: readonly Disk[];
  /** The units that systemd reports as failed. */
  readonly failed: readonly string[];
  /** Whether the deadman is watching; absent where none is installed. */
  readonly deadman?: "watching" | "silent";
}

/** The most that a host may use and still count as healthy. */
export interface Healthy {
  /** Percent of each file system. */
  readonly disk: number;
  /** Percent. */
  readonly memory: number;
  /** For each core, as the mean of 5 minutes. */
  readonly load: number;
}

/**
 * A full disk stops every program that writes, so the limit leaves time to act. Memory that is available at once does
 * not count as in use. A load of four times the number of cores is a backlog and not a peak.
 */
export const HEALTHY: Healthy = { disk: 80, memory: 90, load: 4 };

/** The file system with the highest use. */
export function fullestOf({ disks }: Machine): Disk | undefined {
  return disks.reduce<Disk | undefined>(
    (most, disk) => (disk.used > (most?.used ?? -1) ? disk : most),
    undefined,
  );
}

/** The load for each core. */
export function loadOf({ load, cores }: Machine): number {
  return load / Math.max(1, cores);
}
