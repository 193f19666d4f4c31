import { MusterError } from "../../base/errors.ts";
import type { PartFailure } from "../../model/part-failure.ts";
import { type AgentPart, isOpen as isPartOpen } from "../../model/parts.ts";
import { reasonOf } from "../system/error-reason.ts";

/** What was tried for one resource: what goes wrong in one part of an agent holds up no part that does not need it. */
export interface Attempts {
  readonly failures: readonly PartFailure[];
  /** What went wrong with a resource without parts, which fails as a whole. */
  readonly error: unknown;
  /** Whether a part can still be worked on: it has not failed, and nothing that it needs has. */
  isOpen(part: AgentPart | undefined): boolean;
  /**
   * Does work for a part that is open, and notes where that fails.
   *
   * @param part undefined for a resource without parts, and for what all parts need
   */
  run(part: AgentPart | undefined, work: () => void): void;
}

/** Nothing has been tried yet. */
export function attempts(): Attempts {
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
