import { heartbeatFile } from "../../model/host-paths.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { type Reading, readHeartbeatFile, type Stamped, unstamped } from "./heartbeat-file.ts";
import type { Unit } from "./observe-units.ts";
import type { WatchedUnit } from "./policies.ts";
import { paneQuietFor, readPane } from "./tmux-pane.ts";

/** Reads an agent's last heartbeat, in the way that the agent's policy declares. */
export function readHeartbeat(
  { agent, heartbeat }: WatchedUnit,
  unit: Unit,
  account: Account | undefined,
  last?: Stamped,
): Stamped {
  if (unit.state !== "up" || heartbeat.by === "none") return unstamped({});
  if (heartbeat.by === "notify") return unstamped(unit.pinged === "0" ? {} : { mark: unit.pinged });
  if (heartbeat.by === "pane") return unstamped(readPane(unit.pid));
  if (account === undefined) return unstamped({ unknown: `there is no user ${unit.user}` });
  return readHeartbeatFile(heartbeatFile(agent), account, last);
}

/**
 * Seconds without output before a terminal counts as quiet. A working program shows at least a spinner.
 */
const QUIET = 20;

/**
 * Whether an agent waits for work: its heartbeat reports this or, if the heartbeat has no state, its terminal is quiet.
 *
 * @param server the unit's main process, a tmux server
 */
export function isIdle({ state }: Reading, server: number): boolean {
  return state === undefined ? paneQuietFor(server) >= QUIET : state === "idle";
}
