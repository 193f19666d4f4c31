import { beatFile } from "../../model/layout.ts";
import type { Account } from "../accounts.ts";
import { readBeatFile, type Stamped, unstamped } from "./beat-file.ts";
import { readPane } from "./pane.ts";
import type { Charge } from "./turn.ts";
import type { Unit } from "./units.ts";

/** Reads how an agent last showed that it lives, in the way that is declared for it. */
export function readSign(
  { agent, heartbeat }: Charge,
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
