import { subjectOf } from "../../model/resource-id.ts";
import type { PendingMove } from "../pending-moves.ts";

/** A move, with what is known about the host that has the home. */
export interface AnnouncedMove extends PendingMove {
  readonly home: string | undefined;
  readonly isUnreachable: boolean;
}

/** Returns one sentence for each agent that moves: from where, to where, and how. */
export function moveSentences(moves: readonly AnnouncedMove[]): string[] {
  return moves.map((move) => {
    const { id, from, to } = move;
    const agent = subjectOf(id).name;
    if (move.isProtected) {
      return `${agent} is protected on ${from}, so it does not move to ${to}: declare it on ${from} with \`protect: false\`, run \`npx pulumi up\`, and then move it.`;
    }
    if (move.isUnreachable) {
      return `${agent} cannot move from ${from} to ${to} while ${from} is unreachable, because its home is there. To give up that home, run \`npx fleet forget ${from} --agent ${agent}\`.`;
    }
    const home = move.home === undefined ? "its home" : `its home ${move.home}`;
    return `${agent} moves from ${from} to ${to}: \`up\` stops it on ${from}, copies ${home} to ${to} with everything in it and the contacts that it has learned, starts it there, and then removes it and its home from ${from}.`;
  });
}
