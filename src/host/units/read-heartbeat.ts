import { beatFile } from "../../model/host-paths.ts";
import type { Account } from "../accounts/accounts.ts";
import type { WatchedUnit } from "../hostd/types.ts";
import { readBeatFile, type Stamped, unstamped } from "./heartbeat-file.ts";
import type { Unit } from "./observe-units.ts";
import { readPane } from "./tmux-pane.ts";

/** Reads how an agent last showed that it lives, in the way that is declared for it. */
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
  return readBeatFile(beatFile(agent), account, last);
}
