/** The most that a unit may use of its host. What is left out is not limited. */
export interface Limits {
  /** A whole number of MiB or GiB, in the largest unit that fits: `512M`, `2G`. */
  readonly memory?: string;
  /** Cores, in hundredths: 0.5 is half a core. */
  readonly cpu?: number;
  /** Processes and threads. */
  readonly tasks?: number;
}

export type Limit = keyof Limits;

export const LIMITS = ["memory", "cpu", "tasks"] as const satisfies readonly Limit[];

/** Whether anything is limited. */
export function isLimited(limits: Limits): boolean {
  return LIMITS.some((limit) => limits[limit] !== undefined);
}

export const UNLIMITED = "unlimited";

const MIB = 2 ** 20;

/** Renders bytes as a limit: in MiB or GiB where that is exact, otherwise as a number. */
export function memoryText(bytes: number): string {
  if (bytes % MIB !== 0) return `${bytes}`;
  return bytes % (1024 * MIB) === 0 ? `${bytes / (1024 * MIB)}G` : `${bytes / MIB}M`;
}

/** Bytes of `512M` or `2G`. */
export function memoryBytes(text: string): number {
  return Number.parseInt(text, 10) * MIB * (text.endsWith("G") ? 1024 : 1);
}

/** Limits as lines of a unit, of a service or a slice; systemd.resource-control(5). */
export function limitLines({ memory, cpu, tasks }: Limits): [key: string, value: string][] {
  return [
    // Without the second limit a process would fill the swap of the host instead of its memory.
    ...(memory === undefined ? [] : [["MemoryMax", memory] as const, ["MemorySwapMax", "0"] as const]),
    ...(cpu === undefined ? [] : [["CPUQuota", `${Math.round(cpu * 100)}%`] as const]),
    ...(tasks === undefined ? [] : [["TasksMax", `${tasks}`] as const]),
  ].map(([key, value]) => [key, value]);
}
