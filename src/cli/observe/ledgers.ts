import type { Fleet } from "../../config/fleet.ts";
import type { Ledger } from "../../model/ledger.ts";
import { recurrenceId } from "../../model/recurrence.ts";
import { subjectOf } from "../../model/resource-id.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import { type DriftRow, type HistoryReport, type HistorySelection, hostsFor } from "./history.ts";

/** Reads the drift that was found on the selected hosts, and its repairs. */
export async function observeLedgers(
  fleet: Fleet,
  selection: HistorySelection,
  open: OpenHost,
): Promise<HistoryReport> {
  const answers = await Promise.all(
    hostsFor(fleet, selection).map(async (host) => ({
      name: host,
      ...(await queryHost(fleet, host, open, (reader) => reader.ledgers({ op: "ledgers" }))),
    })),
  );
  const drift = answers.flatMap(({ name, answer }) =>
    Object.entries(answer?.ledgers ?? {})
      .filter(([resource]) => isSelected(fleet, resource, selection))
      .flatMap(([resource, ledger]) => rowsOf(name, resource, ledger))
      .toSorted((a, b) => compare(timeOf(a), timeOf(b)))
      .slice(-selection.last),
  );
  return {
    hosts: answers.map(({ host }) => host),
    events: [],
    drift: drift.toSorted((a, b) => compare(timeOf(a), timeOf(b))),
  };
}

function isSelected(fleet: Fleet, resource: string, { name, tenant, slice }: HistorySelection): boolean {
  const subject = subjectOf(resource);
  if (name !== undefined && subject.name !== name) return false;
  const only = slice?.kind === "tenant" ? slice.tenant : tenant;
  if (only === undefined) return true;
  return subject.kind === "tenant" ? subject.name === only : fleet.agents[subject.name]?.tenant === only;
}

function rowsOf(host: string, resource: string, ledger: Ledger): DriftRow[] {
  const place = (one: { readonly item: string; readonly property: string }) => ({
    ...{ host, resource, id: recurrenceId(resource, one) },
  });
  return [
    ...ledger.corrective.map((one) => ({ ...place(one), kind: "corrective", ...one }) as const),
    ...ledger.intended.map((one) => ({ ...place(one), kind: "intended", ...one }) as const),
    ...ledger.closings.map((one) => ({ ...place(one), kind: "closed", ...one }) as const),
  ];
}

/** Returns the time of a row (UTC, ISO 8601). */
export function timeOf(row: DriftRow): string {
  return row.kind === "closed" ? row.closed : (row.repaired ?? row.seen);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
