import { MusterError } from "../../base/errors.ts";
import type { PartFailure } from "../../model/part-failure.ts";
import { type AgentPart, canChangePart } from "../../model/parts.ts";
import { reasonOf } from "../system/error-reason.ts";

/**
 * The results of the work for one resource. A failure in a part of an agent stops only parts that need it.
 */
export interface PartResults {
  readonly failures: readonly PartFailure[];
  /** The failure of a resource without parts, or of something that all of its parts need. */
  readonly error: unknown;
  /** Whether neither a part nor anything that it needs has failed. */
  isOpen(part: AgentPart | undefined): boolean;
  /**
   * Does the work for a part if it is open, and records a failure.
   *
   * @param part undefined for a resource without parts, and for work that all parts need
   */
  run(part: AgentPart | undefined, work: () => void): void;
}

/** Creates the results before any work has been done. */
export function newPartResults(): PartResults {
  const failures: PartFailure[] = [];
  const failed = new Set<AgentPart>();
  const shared: { error?: unknown } = {};
  const isOpen = (part: AgentPart | undefined) => !("error" in shared) && canChangePart(part, failed);
  return {
    failures,
    get error() {
      return shared.error;
    },
    isOpen,
    run: (part, work) => {
      if (!isOpen(part)) return;
      try {
        work();
      } catch (error) {
        if (part === undefined) {
          shared.error = error;
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
