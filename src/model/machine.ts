/** A file system of a host, as far as it can fill up. */
export interface Disk {
  /** Where it is mounted. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Percent of what its users can have, of bytes or of inodes: whichever is nearer to its end. */
  readonly used: number;
}

/** How a host itself is doing now. */
export interface Machine {
  /** Seconds since its systemd began. */
  readonly uptime: number;
  readonly cores: number;
  /** Processes that ran or waited, in the mean of the last 5 minutes. */
  readonly load: number;
  readonly memory: {
    /** Bytes. */
    readonly size: number;
    /** Percent that nobody could have any more. */
    readonly used: number;
  };
  readonly disks: readonly Disk[];
  /** The units that systemd counts as failed. */
  readonly failed: readonly string[];
  /** Whether the deadman watches; absent where none is installed. */
  readonly deadman?: "watching" | "silent";
}

/** The most that a host may use and still count as healthy. */
export interface Healthy {
  /** Percent of each file system. */
  readonly disk: number;
  /** Percent. */
  readonly memory: number;
  /** For each core, in the mean of 5 minutes. */
  readonly load: number;
}

/**
 * A disk that is full stops whatever writes, so that there must be time to act; of memory what could be had at once is
 * not in use; four times as much work as there are cores for is a backlog, no moment's.
 */
export const HEALTHY: Healthy = { disk: 80, memory: 90, load: 4 };

/** The file system that is nearest to its end. */
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
