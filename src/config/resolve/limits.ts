import { type Limits, memoryBytes, memoryText } from "../../model/unit-limits.ts";
import type { RawLimits } from "../fleet-yaml-types.ts";

/** Returns limits in the format in which hosts report them. */
export function limitsOf({ memory, cpu, tasks }: RawLimits = {}): Limits {
  return {
    ...(memory !== undefined && { memory: memoryText(memoryBytes(memory)) }),
    ...(cpu !== undefined && { cpu: Math.round(cpu * 100) / 100 }),
    ...(tasks !== undefined && { tasks }),
  };
}
