import { type ConversationStart, parseConversationStart } from "../../model/conversation.ts";
import { conversationFile } from "../../model/host-paths.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { declaredIdentity } from "../units/identity-digest.ts";
import type { Unit } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import type { ConversationView } from "./decision-step.ts";

/** Seconds after the start of a unit in which muster-session must have started the program. */
const PATIENCE = 60;

/** Seconds between two reads of the digest of an identity that does not exist yet. */
const EVERY = 5;

/** The maximum size of muster-session's file in bytes. */
const CAP = 200;

/** Finds out in which conversation, and with which identity, each run of an agent has started. */
export interface ConversationTracker {
  /**
   * Returns what is known about the conversation of an agent's current run; undefined if the unit is not up.
   *
   * @param now seconds of the monotonic clock
   */
  viewOf(
    policy: WatchedUnit,
    unit: Unit,
    account: Account | undefined,
    now: number,
  ): ConversationView | undefined;
}

interface Known extends ConversationView {
  readonly run: string;
  readonly identityAt: number;
}

/** Creates a tracker that remembers what it has read about each agent's current run. */
export function newConversationTracker(host: Host): ConversationTracker {
  const runs = new Map<string, Known>();
  return {
    viewOf: (policy, unit, account, now) => {
      if (unit.state !== "up" || policy.service !== undefined) return undefined;
      const known = runs.get(policy.unit);
      const same = known?.run === unit.run ? known : undefined;
      const isDue = same === undefined || (same.identity === undefined && now - same.identityAt >= EVERY);
      const identity = isDue ? declaredIdentity(host, policy.agent) : same.identity;
      const mayAppear = same === undefined || now - unit.upSince < PATIENCE;
      const start = same?.start ?? (mayAppear && account ? readStart(policy.agent, account) : undefined);
      const next: Known = {
        run: unit.run,
        identityAt: isDue ? now : same.identityAt,
        ...(identity !== undefined && { identity }),
        ...(start && { start }),
      };
      runs.set(policy.unit, next);
      return next;
    },
  };
}

/** Reads the file with the agent's rights, because the agent can replace it by anything. */
function readStart(agent: string, account: Account): ConversationStart | undefined {
  try {
    const text = asUser(account, () =>
      withPathItem(conversationFile(agent), (entry) =>
        entry !== undefined && typeOf(entry.stats) === "file"
          ? readEntry(entry, CAP)?.toString("utf8")
          : undefined,
      ),
    );
    return text === undefined ? undefined : parseConversationStart(text);
  } catch {
    return undefined;
  }
}
