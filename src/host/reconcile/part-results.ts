import { MusterError } from "../../base/errors.ts";
import { type AgentPart, canChangePart } from "../../model/agent-parts.ts";
import type { PartFailure } from "../../model/part-failure.ts";
import { reasonOf } from "../system/error-reason.ts";

/**
 * The results of the work for one resource. If a part of an agent fails, only the parts that need this part are
 * skipped.
 */
export interface PartResults {
  readonly failures: readonly PartFailure[];
  /** The error of a resource without parts, or of work that all parts need; undefined if there is none. */
  readonly error: unknown;
  /** The units that were started, restarted or deferred for the resource, even if they failed afterwards. */
  readonly started: Set<string>;
  /** Whether a part can be changed, because neither the part nor a part that it needs has failed. */
  isOpen(part: AgentPart | undefined): boolean;
  /**
   * Does the work for a part if the part is open, and records an error that the work throws.
   *
   * @param part undefined for a resource without parts, and for work that all parts need
   */
  run(part: AgentPart | undefined, work: () => void): void;
}

/** Creates an empty set of results, which is filled while the work is done. */
export function newPartResults(): PartResults {
  const failures: PartFailure[] = [];
  const failed = new Set<AgentPart>();
  const shared: { error?: unknown } = {};
  const isOpen = (part: AgentPart | undefined) => !("error" in shared) && canChangePart(part, failed);
  return {
    failures,
    started: new Set(),
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

/**
 * Returns an error in the form for records.
 *
 * @param what the name of the item or resource that failed, if the error does not contain it
 */
export function failureOf(what: string, error: unknown): PartFailure["error"] {
  if (!(error instanceof MusterError)) return { what, why: reasonOf(error) };
  const { why, next } = error;
  return { what: error.what, why, ...(next !== undefined && { next }) };
}
