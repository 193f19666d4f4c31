import { ASIDE_DIR } from "../../model/host-paths.ts";
import { subjectOf } from "../../model/resource-id.ts";
import type { PendingMove } from "../pending-moves.ts";
import { listed } from "./join-words.ts";

/** A move, and facts about the host that has the home. */
export interface AnnouncedMove extends PendingMove {
  readonly home: string | undefined;
  /** The user's data outside the home on the old host, such as "its crontab". */
  readonly outside: readonly string[];
  readonly isUnreachable: boolean;
}

/** Returns one sentence for each agent that moves, with the old host, the new host and the steps. */
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
    return `${agent} moves from ${from} to ${to}: \`up\` stops the agent on ${from}, copies ${home} with all its content and the learned contacts to ${to}, starts the agent there, and then removes the agent and its home from ${from}.${outsideSentence(move)}`;
  });
}

/** Returns the sentence about data that the move does not copy; empty if there is no such data. */
function outsideSentence({ outside, from, to }: AnnouncedMove): string {
  if (outside.length === 0) return "";
  return ` It does not copy to ${to} what ${from} keeps outside this home: ${listed(outside)}. A crontab and jobs of at(1) are kept in ${ASIDE_DIR} on ${from}, and linger is switched off.`;
}
