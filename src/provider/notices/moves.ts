import { subjectOf } from "../../model/resource-id.ts";
import type { PendingMove } from "../pending-moves.ts";

/** A move, with what is known about the host that has the home. */
export interface AnnouncedMove extends PendingMove {
  readonly home: string | undefined;
  readonly isAway: boolean;
}

/** What moves from which host to which, and how, one sentence for each agent. */
export function moveSentences(moves: readonly AnnouncedMove[]): string[] {
  return moves.map((move) => {
    const { id, from, to } = move;
    const agent = subjectOf(id).name;
    if (move.isProtected) {
      return `${agent} is protected on ${from}, and so does not move to ${to}: declare it on ${from} with \`protect: false\`, run \`npx pulumi up\`, and move it then.`;
    }
    if (move.isAway) {
      return `${agent} cannot move from ${from} to ${to} while ${from} is unreachable, because its home is there. To give up what is there: \`npx fleet forget ${from} --agent ${agent}\`.`;
    }
    const home = move.home === undefined ? "its home" : `its home ${move.home}`;
    return `${agent} moves from ${from} to ${to}: \`up\` stops it on ${from}, carries ${home} to ${to} with all that it holds and the contacts that it learned, starts it there, and then removes it from ${from}, home and all.`;
  });
}
