import { shown } from "../../model/shorten-for-display.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { currentEnds, failedTurns, type ReadEnds } from "../messages/failed-turns.ts";
import { hideSecrets } from "../units/last-run.ts";
import type { Unit } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import { paneQuietFor } from "../units/tmux-pane.ts";

/** Seconds between two searches for one agent. */
const EVERY = 5;

/** Seconds after the last output on the terminal during which the records are still searched. */
const AFTER_OUTPUT = 30;

/** The maximum number of lost turns that are kept until they are in the history. */
const MOST = 20;

/** A turn that has ended without an answer. */
export interface LostTurn {
  /** Increases with each lost turn on the host, also after a restart of the deadman. */
  readonly number: number;
  readonly reason: string;
}

/** Finds the turns that agents have lost, for example because their provider has failed. */
export interface LostTurnTracker {
  /**
   * Returns the last lost turns of an agent, the oldest first.
   *
   * @param now seconds of the monotonic clock
   */
  lostTurns(policy: WatchedUnit, unit: Unit, account: Account | undefined, now: number): readonly LostTurn[];
}

interface Searched {
  /** Seconds of the monotonic clock. */
  readonly at: number;
  readonly ends: ReadEnds;
  readonly found: readonly LostTurn[];
}

/**
 * Creates a tracker. The tracker searches only the records of agents with recent output on their terminal. It ignores
 * the turns that were lost before it was created.
 */
export function newLostTurnTracker(): LostTurnTracker {
  const last = new Map<string, Searched>();
  let number = Date.now();
  return {
    lostTurns: (policy, unit, account, now) => {
      const { failures, agent } = policy;
      if (failures === undefined || account === undefined || unit.state !== "up") return [];
      const known = last.get(policy.unit);
      if (known !== undefined && (now - known.at < EVERY || paneQuietFor(unit.pid) > AFTER_OUTPUT))
        return known.found;
      try {
        const { home } = account;
        const { reasons, ends } = asUser(account, () =>
          known === undefined
            ? { reasons: [], ends: currentEnds(home, failures) }
            : failedTurns(home, failures, known.ends),
        );
        const added = reasons.map((reason) => ({
          number: ++number,
          reason: shown(hideSecrets(agent, reason)),
        }));
        const found = [...(known?.found ?? []), ...added].slice(-MOST);
        last.set(policy.unit, { at: now, ends, found });
        return found;
      } catch {
        // The agent can change its files at any time, so the next search may succeed.
        return known?.found ?? [];
      }
    },
  };
}
