/** The amounts of the host's resources that a unit is allowed to use. An absent limit is not enforced. */
export interface Limits {
  /**
   * The memory as an integer number of MiB or GiB, such as `512M` or `2G`. The unit is GiB if the number of GiB is an
   * integer.
   */
  readonly memory?: string;
  /** The number of cores, with at most two decimals: 0.5 is half a core. */
  readonly cpu?: number;
  /** The number of processes and threads. */
  readonly tasks?: number;
}

export type Limit = keyof Limits;

export const LIMITS = ["memory", "cpu", "tasks"] as const satisfies readonly Limit[];

/** Whether any limit is set. */
export function isLimited(limits: Limits): boolean {
  return LIMITS.some((limit) => limits[limit] !== undefined);
}

export const UNLIMITED = "unlimited";

const MIB = 2 ** 20;

/** Renders bytes as a memory limit: in MiB or GiB if that is exact, otherwise as a number of bytes. */
export function memoryText(bytes: number): string {
  if (bytes % MIB !== 0) return `${bytes}`;
  return bytes % (1024 * MIB) === 0 ? `${bytes / (1024 * MIB)}G` : `${bytes / MIB}M`;
}

/** Converts a memory limit such as `512M` or `2G` to bytes. */
export function memoryBytes(text: string): number {
  return Number.parseInt(text, 10) * MIB * (text.endsWith("G") ? 1024 : 1);
}

/** Renders limits as lines of a service or slice unit; see systemd.resource-control(5). */
export function limitLines({ memory, cpu, tasks }: Limits): [key: string, value: string][] {
  return [
    // Without MemorySwapMax=, a process at its memory limit would use the host's swap.
    ...(memory === undefined ? [] : [["MemoryMax", memory] as const, ["MemorySwapMax", "0"] as const]),
    ...(cpu === undefined ? [] : [["CPUQuota", `${Math.round(cpu * 100)}%`] as const]),
    ...(tasks === undefined ? [] : [["TasksMax", `${tasks}`] as const]),
  ].map(([key, value]) => [key, value]);
}
