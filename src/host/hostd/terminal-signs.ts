import { paneFile } from "../../model/host-paths.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { readPrompt } from "../messages/read-prompt.ts";
import { parseScreen } from "../pane/parse-screen.ts";
import type { Reading } from "../units/heartbeat-file.ts";
import type { Unit } from "../units/observe-units.ts";
import type { WatchedUnit } from "../units/policies.ts";
import { readSilentScreen } from "../units/silent-screen.ts";
import { paneQuietFor, readPane } from "../units/tmux-pane.ts";

/** The seconds of silence after which an agent's tmux saves the rows of the terminal; see resources/run-program.ts. */
const SILENT = 60;

/**
 * Adds what the terminal shows to the heartbeat of an agent whose heartbeats come from the hooks of its runtime. While a
 * runtime works, its terminal shows signs of life even if no hook runs. An agent that waits at its prompt is idle, also
 * if no hook has reported this: some runtimes run no hook before their first work, after a person has interrupted them,
 * or after their provider has failed.
 */
export function withTerminal(
  reading: Reading,
  policy: WatchedUnit,
  unit: Unit,
  account: Account | undefined,
): Reading {
  const { heartbeat, showsWork } = policy;
  if (heartbeat.by !== "file" || heartbeat.sent !== "hooks" || showsWork !== true) return reading;
  if (unit.state !== "up" || (reading.state !== undefined && reading.state !== "busy")) return reading;
  if (isAtPrompt(policy, unit, account)) return { mark: `${reading.mark} at the prompt`, state: "idle" };
  if (reading.state === undefined) return reading;
  return { ...reading, mark: `${reading.mark} ${readPane(unit.pid).mark ?? ""}` };
}

/** Whether the terminal is silent and shows a prompt without signs of work. tmux saves the rows of a silent terminal. */
function isAtPrompt(
  { agent, screen: form }: WatchedUnit,
  { pid }: Unit,
  account: Account | undefined,
): boolean {
  const quiet = paneQuietFor(pid);
  if (form === undefined || account === undefined || quiet < SILENT || !Number.isFinite(quiet)) return false;
  const lines = readSilentScreen(paneFile(agent), account, quiet);
  if (lines === undefined) return false;
  const prompt = readPrompt(form, { width: 0, height: lines.length, rows: parseScreen(lines) });
  return prompt.kind === "prompt" && !prompt.isBusy;
}
