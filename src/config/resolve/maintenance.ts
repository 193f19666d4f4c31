import type { MaintenanceWindow } from "../../model/deadman.ts";
import type { RawAgent, RawService, RawWindow } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { asMap } from "../yaml-values.ts";
import type { Context } from "./context.ts";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/**
 * Returns the maintenance windows of an agent or a service, of its host and of the fleet. Omits windows that the schema
 * check has reported.
 */
export function maintenanceOf(raw: RawAgent | RawService, keys: Keys, context: Context): MaintenanceWindow[] {
  const { report, source } = context;
  const root = asMap(source.value);
  const host = asMap(asMap(root["hosts"])[raw.host]);
  const ofFleet = windowsIn(root["maintenance"]).every((_, i) => report.isSound("maintenance", `${i}`));
  return [
    ...windowsAt(raw.maintenance, [...keys, "maintenance"], context),
    ...(report.isSound("hosts", raw.host)
      ? windowsAt(host["maintenance"], ["hosts", raw.host, "maintenance"], context)
      : []),
    ...(ofFleet ? windowsAt(root["maintenance"], ["maintenance"], context) : []),
  ];
}

function windowsAt(windows: unknown, keys: Keys, context: Context): MaintenanceWindow[] {
  return windowsIn(windows).flatMap((window, i) => windowOf(window, [...keys, i, "to"], context));
}

function windowsIn(windows: unknown): readonly RawWindow[] {
  return Array.isArray(windows) ? windows : [];
}

function windowOf({ days = DAYS, from, to }: RawWindow, keys: Keys, context: Context): MaintenanceWindow[] {
  if (from !== to)
    return [{ days: days.map((day) => DAYS.indexOf(day)), from: minutesOf(from), to: minutesOf(to) }];
  context.report.error(context.source, keys, "is the same as `from`: the window would never be open");
  return [];
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
}
