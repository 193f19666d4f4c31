import type { ConversationStart } from "../../model/conversation.ts";
import type { DecisionStep } from "./decision-step.ts";
import type { ConversationMemory } from "./saved-memory.ts";

/**
 * Notices in which conversation each run of an agent has started, and with which identity. Reports each new
 * conversation that replaces an earlier one. A conversation that is lost repeatedly is reported once.
 */
export const noticeConversation: DecisionStep = (memory, { snapshot: { unit, conversation }, report }) => {
  if (conversation === undefined) return memory;
  const { start, identity } = conversation;
  const before = memory.conversation;
  const isNewRun = before?.run !== unit.run;
  const isRead = !isNewRun && before.isRead === true;
  if (start !== undefined && !isRead) {
    const why = start.how === "new" && before?.hasBegun !== true ? undefined : reasonOf(start);
    const lost = why !== undefined && isLost(start) ? (start.id ?? "-") : undefined;
    if (why !== undefined && (lost === undefined || lost !== before?.lost)) report("new-conversation", why);
    return { ...memory, conversation: begun(unit.run, start.identity ?? identity, lost) };
  }
  if (!isNewRun && (before.identity !== undefined || identity === undefined)) return memory;
  return {
    ...memory,
    conversation: { ...before, run: unit.run, isRead, ...(identity !== undefined && { identity }) },
  };
};

function begun(run: string, identity: string | undefined, lost: string | undefined): ConversationMemory {
  return {
    ...{ run, isRead: true, hasBegun: true },
    ...(identity !== undefined && { identity }),
    ...(lost !== undefined && { lost }),
  };
}

function isLost({ how }: ConversationStart): boolean {
  return how === "lost" || how === "new";
}

/** Returns the reason for a new conversation; undefined if the program continues its conversation. */
function reasonOf({ how, id }: ConversationStart): string | undefined {
  const former = id === undefined ? "its former conversation" : `its former conversation ${id}`;
  if (how === "resumed") return undefined;
  if (how === "identity") return `its identity has changed, so it does not continue ${former}`;
  if (how === "busy") return `another process has ${former}`;
  return `its home contains no record of ${former}`;
}
