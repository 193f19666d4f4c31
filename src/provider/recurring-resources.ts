import { MusterError } from "../base/errors.ts";

/** A recurring finding of one resource. */
export interface RecurringSentence {
  /** The id of the resource. */
  readonly id: string;
  /** The recurring repair and the next step. */
  readonly sentence: string;
}

/** The resources that a run refuses to change, because a person must first close their recurring findings. */
export interface RecurringResources {
  block(found: readonly RecurringSentence[]): void;
  /** @throws MusterError if the run must not change the resource */
  refuse(id: string): void;
}

/** Creates the list for a run that refuses no resource. */
export function noRecurringResources(): RecurringResources {
  const blocked = new Map<string, string>();
  return {
    block: (found) => {
      for (const { id, sentence } of found) if (!blocked.has(id)) blocked.set(id, sentence);
    },
    refuse: (id) => {
      const why = blocked.get(id);
      if (why !== undefined) throw new MusterError({ what: `${id} was not changed`, why });
    },
  };
}
