import { MusterError } from "../base/errors.ts";
import { subjectKey, subjectOf } from "../model/resource-id.ts";

/** A move that an agent needs because its home is not on its declared host. */
export interface PendingMove {
  /** The id of the resource that currently has the agent's home, and the host of this resource. */
  readonly id: string;
  readonly from: string;
  /** The id of the resource that will have the agent's home, and the host of this resource. */
  readonly toId: string;
  readonly to: string;
  /** Whether the agent is protected on the old host. */
  readonly isProtected: boolean;
}

/** The agents that a run must move but has not moved yet. */
export interface PendingMoves {
  expect(pending: readonly PendingMove[]): void;
  /** Returns the move to the resource with this id; undefined if there is no such move. */
  to(id: string): PendingMove | undefined;
  done(move: PendingMove): void;
  /**
   * Refuses the removal of a resource if an agent that must still leave the host needs this resource.
   *
   * @param name the name of the resource that would be removed: an id, or the name of a local host
   * @throws MusterError if an agent still needs the resource
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

/**
 * Whether a resource belongs to the moving agent, or is a resource on the old host that the agent needs: a tenant, the
 * runtime or the machine.
 */
function isNeeded(name: string, { id }: PendingMove): boolean {
  const { kind } = subjectOf(name);
  return kind === "host" || kind === "tenant" || subjectKey(name) === subjectKey(id);
}

function tooEarly(name: string, { id, from, to }: PendingMove): MusterError {
  const agent = subjectOf(id).name;
  return new MusterError({
    what: `${name} was not removed`,
    why: `${agent} has not moved from ${from} to ${to} yet.`,
    next: "The agent's own error says why. Fix the cause, and run `npx pulumi up` again.",
  });
}
