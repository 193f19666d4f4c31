import type { Fleet } from "../../config/fleet.ts";
import type { Declaration } from "../../model/declaration.ts";
import { placeOf } from "../../model/drift-finding.ts";
import type { RepeatedRepair } from "../../model/ledger.ts";
import type { ObserveAnswer } from "../../model/protocol.ts";
import { isRecurring, type RecurrencePolicy } from "../../model/recurrence.ts";
import type { OpenHost } from "../query-host.ts";
import type { Recurring } from "./fleet-report.ts";
import { observeByHost } from "./query-all-hosts.ts";

/** Returns the recurring findings of one resource. */
export function recurringIn(
  declaration: Declaration,
  { repeated = [] }: ObserveAnswer,
  { within, onRecurrence }: RecurrencePolicy,
): Recurring[] {
  return repeated
    .filter((one) => one.resource === declaration.id && isRecurring(one, within))
    .map((one) => ({ ...placeOf(declaration), ...one, onRecurrence }));
}

/** The repeated repairs that the hosts have recorded. */
export interface RepeatedReport {
  readonly found: readonly (RepeatedRepair & { readonly host: string })[];
  /** The hosts that did not answer. */
  readonly unanswered: readonly string[];
}

/** Queries all hosts of the fleet's agents and services about repeated repairs. The hosts only read their ledgers. */
export async function observeRepeated(fleet: Fleet, open: OpenHost): Promise<RepeatedReport> {
  const things = [...Object.values(fleet.agents), ...Object.values(fleet.services)];
  const answers = await observeByHost(fleet, open, things, (reader) =>
    reader.observe({ op: "observe", resources: [] }),
  );
  return {
    found: answers.flatMap(({ host: { host }, answer }) =>
      (answer?.repeated ?? []).map((one) => ({ ...one, host })),
    ),
    unanswered: answers.flatMap(({ host: { host }, answer }) => (answer === undefined ? [host] : [])),
  };
}
