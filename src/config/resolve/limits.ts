import { type Limits, memoryBytes, memoryText } from "../../model/limits.ts";
import type { RawLimits } from "../yaml-types.ts";

/** Returns limits in the form in which hosts report them. */
export function limitsOf({ memory, cpu, tasks }: RawLimits = {}): Limits {
  return {
    ...(memory !== undefined && { memory: memoryText(memoryBytes(memory)) }),
    ...(cpu !== undefined && { cpu: Math.round(cpu * 100) / 100 }),
    ...(tasks !== undefined && { tasks }),
  };
}
