import { byPriority } from "../exit.ts";
import { codesOf, type FleetReport } from "../observe/fleet-report.ts";
import { safeJson } from "./text.ts";

/** Renders the report as JSON, as described in docs/schema/drift.schema.json. */
export function renderDriftJson(report: FleetReport): string {
  const codes = byPriority(codesOf(report));
  const { hosts, findings, recurring, unknown, orphans, unmanaged, change } = report;
  return safeJson({
    version: 1,
    exit: codes[0],
    codes,
    hosts,
    findings,
    recurring,
    orphans,
    unknown,
    unmanaged,
    change,
  });
}
