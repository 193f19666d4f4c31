import type { Observation, RunningItem } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { readDeferredRestart } from "../units/deferred-restarts.ts";
import { runningInstallation } from "../units/running-installation.ts";
import { restartIfRunning } from "../units/start-stop.ts";
import { daemonReload, showProperties, type UnitState } from "../units/systemctl.ts";
import type { ItemState, Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * The version that an agent's process runs. This version can be older than the version that the agent's unit starts.
 * The kind also checks whether the unit disables the program's own updater.
 */
export const running: Kind<RunningItem> = {
  observe: ({ host }, targets) => observe(host, targets),
  // At this point, the unit starts the declared version, and no restart is deferred.
  converge: ({ host }, { item }) => {
    daemonReload(host);
    restartIfRunning(host, [item.unit]);
  },
  remove: () => [],
  afterReload: true,
};

function observe(host: Host, targets: readonly ItemState<RunningItem>[]): Observation[] {
  const units = targets.map(({ item }) => item.unit);
  const properties = ["LoadState", "MainPID", "Environment", "ExecStart"];
  const states = orUnknown(() => showProperties(host, units, properties));
  if ("unknown" in states) return units.map(() => states);
  return targets.map(({ item }, i) => observeOne(host, item, states[i] ?? {}));
}

function observeOne(host: Host, { unit, name, off = "", want }: RunningItem, state: UnitState): Observation {
  const { LoadState, MainPID, Environment = "", ExecStart = "" } = state;
  // A missing unit is already reported by the unit's own item.
  if (LoadState === "not-found" || LoadState === "masked") return { props: want };
  const words = `${Environment} ${ExecStart}`;
  const isOff = off.split(" ").every((word) => words.includes(word));
  const found = runningInstallation(host, Number(MainPID ?? 0));
  const isOther = found !== undefined && (found.runtime !== name || found.name !== want.running);
  // A deferred restart is intended, and `fleet ps` shows it.
  const isDrift = isOther && readDeferredRestart(host, unit) === undefined;
  return {
    props: {
      running: isDrift ? `${found.runtime === name ? "" : `${found.runtime} `}${found.name}` : want.running,
      ...(want.updater !== undefined && { updater: isOff ? "off" : "on" }),
    },
  };
}
