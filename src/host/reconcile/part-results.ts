import { MusterError } from "../../base/errors.ts";
import type { PartFailure } from "../../model/part-failure.ts";
import { type AgentPart, isOpen as isPartOpen } from "../../model/parts.ts";
import { reasonOf } from "../system/error-reason.ts";

/** The results of the work for one resource: a failure in one part of an agent stops only the parts that need it. */
export interface PartResults {
  readonly failures: readonly PartFailure[];
  /** The failure of a resource without parts, or of what all of its parts need. */
  readonly error: unknown;
  /** Whether neither a part nor anything that it needs has failed. */
  isOpen(part: AgentPart | undefined): boolean;
  /**
   * Does the work for a part if it is open, and records a failure.
   *
   * @param part undefined for a resource without parts, and for what all parts need
   */
  run(part: AgentPart | undefined, work: () => void): void;
}

/** The results before any work. */
export function newPartResults(): PartResults {
  const failures: PartFailure[] = [];
  const failed = new Set<AgentPart>();
  const whole: { error?: unknown } = {};
  const isOpen = (part: AgentPart | undefined) => !("error" in whole) && isPartOpen(part, failed);
  return {
    failures,
    get error() {
      return whole.error;
    },
    isOpen,
    run: (part, work) => {
      if (!isOpen(part)) return;
      try {
        work();
      } catch (error) {
        if (part === undefined) {
          whole.error = error;
          return;
        }
        failed.add(part);
        failures.push({ part, error: failureOf(part, error) });
      }
    },
  };
}

function failureOf(part: AgentPart, error: unknown): PartFailure["error"] {
  if (!(error instanceof MusterError)) return { what: part, why: reasonOf(error) };
  const { what, why, next } = error;
  return { what, why, ...(next !== undefined && { next }) };
}
