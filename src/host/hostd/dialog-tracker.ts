import { paneFile } from "../../model/host-paths.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { openQuestion } from "../messages/dialog-question.ts";
import { parseScreen } from "../pane/parse-screen.ts";
import { hideSecrets } from "../units/last-run.ts";
import type { Unit } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import { readSilentScreen } from "../units/silent-screen.ts";
import { paneQuietFor } from "../units/tmux-pane.ts";

/** Seconds for which a dialog must have been on the terminal before a person is notified. */
const PATIENCE = 120;

/** Seconds between two checks of an agent. */
const EVERY = 5;

/** Finds the dialogs for which agents wait. */
export interface DialogTracker {
  /**
   * Returns the question of the dialog that has been on an agent's terminal for two minutes; undefined if there is no
   * dialog.
   *
   * @param now seconds of the monotonic clock
   */
  questionOf(policy: WatchedUnit, unit: Unit, account: Account | undefined, now: number): string | undefined;
}

interface Checked {
  readonly run: string;
  /** Seconds of the monotonic clock. */
  readonly at: number;
  readonly question: string | undefined;
}

/** Creates a tracker that remembers its last check of each agent. */
export function newDialogTracker(): DialogTracker {
  const last = new Map<string, Checked>();
  return {
    questionOf: (policy, unit, account, now) => {
      if (unit.state !== "up" || policy.screen === undefined || account === undefined) return undefined;
      const known = last.get(policy.unit);
      if (known?.run === unit.run && now - known.at < EVERY) return known.question;
      const question = questionNow(policy, unit, account);
      last.set(policy.unit, { run: unit.run, at: now, question });
      return question;
    },
  };
}

function questionNow(
  { agent, screen: form }: WatchedUnit,
  { pid }: Unit,
  account: Account,
): string | undefined {
  const quiet = paneQuietFor(pid);
  if (form === undefined || quiet < PATIENCE || !Number.isFinite(quiet)) return undefined;
  const lines = readSilentScreen(paneFile(agent), account, quiet);
  if (lines === undefined) return undefined;
  const question = openQuestion(form, { width: 0, height: lines.length, rows: parseScreen(lines) });
  return question === undefined ? undefined : shown(hideSecrets(agent, question));
}
