import { MusterError } from "../../base/errors.ts";
import type { PartFailure } from "../../model/part-failure.ts";
import { type AgentPart, canChangePart } from "../../model/parts.ts";
import { reasonOf } from "../system/error-reason.ts";

/**
 * The results of the work for one resource. If a part of an agent fails, only parts that need it are skipped.
 */
export interface PartResults {
  readonly failures: readonly PartFailure[];
  /** The error of a resource without parts, or of work that all parts need; undefined if there is none. */
  readonly error: unknown;
  /** Whether neither a part nor anything that it needs has failed. */
  isOpen(part: AgentPart | undefined): boolean;
  /**
   * Does the work for a part if the part is open, and records an error that the work throws.
   *
   * @param part undefined for a resource without parts, and for work that all parts need
   */
  run(part: AgentPart | undefined, work: () => void): void;
}

/** Creates an empty set of results, to be filled as the work is done. */
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
