import { MusterError } from "../base/errors.ts";
import { subjectKey, subjectOf } from "../model/resource-id.ts";

/** An agent that is declared on another host than the one that has its home. */
export interface PendingMove {
  /** The resource that has its home, and the host of that. */
  readonly id: string;
  readonly from: string;
  /** The resource that will have its home, and its host. */
  readonly toId: string;
  readonly to: string;
  /** Whether it is protected on the old host. */
  readonly isProtected: boolean;
}

/** The agents that a run must move and has not moved yet. */
export interface PendingMoves {
  expect(pending: readonly PendingMove[]): void;
  /** The move that brings a resource its home. */
  to(id: string): PendingMove | undefined;
  done(move: PendingMove): void;
  /**
   * Refuses to remove what an agent needs that has not moved yet.
   *
   * @param name of the resource that would be removed: an id or a local host's name
   * @throws MusterError
   */
  refuseEarly(name: string, host: string): void;
}

/** Creates the list for a run without moves. */
export function emptyPendingMoves(): PendingMoves {
  const pending = new Map<string, PendingMove>();
  return {
    expect: (moves) => {
      for (const move of moves) pending.set(move.toId, move);
    },
    to: (id) => pending.get(id),
    done: ({ toId }) => void pending.delete(toId),
    refuseEarly: (name, host) => {
      const move = [...pending.values()].find((one) => one.from === host && isNeeded(name, one));
      if (move !== undefined) throw tooEarly(name, move);
    },
  };
}

/** Everything of the agent, and what it depends on: a tenant, the runtime, a machine. */
function isNeeded(name: string, { id }: PendingMove): boolean {
  const { kind } = subjectOf(name);
  return kind === "host" || kind === "tenant" || subjectKey(name) === subjectKey(id);
}

function tooEarly(name: string, { id, from, to }: PendingMove): MusterError {
  const agent = subjectOf(id).name;
  return new MusterError({
    what: `${name} was not removed`,
    why: `${agent} has not moved from ${from} to ${to} yet.`,
    next: "The message at the agent says why; then `npx pulumi up` goes on.",
  });
}
