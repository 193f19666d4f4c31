import { count } from "../base/count.ts";
import { labelOf } from "./agent-parts.ts";
import { digestOf } from "./digest.ts";
import {
  type Ledger,
  type LedgerEntry,
  type ProbableWriter,
  REPEATED,
  type RepeatedRepair,
  type WritingProcess,
} from "./ledger.ts";
import { subjectOf } from "./resource-id.ts";

export const ON_RECURRENCE = ["warn", "block"] as const;

/** The reaction of `up` to a recurring finding: report it (`warn`), or refuse to change the resource (`block`). */
export type OnRecurrence = (typeof ON_RECURRENCE)[number];

/** The policy that says when repairs of the same property are a recurring finding, and how `up` reacts. */
export interface RecurrencePolicy {
  /** The time in seconds within which REPEATED repairs of one property are a recurring finding. */
  readonly within: number;
  readonly onRecurrence: OnRecurrence;
  /** Whether hosts record which processes write the declared files. Absent if they do not. */
  readonly recordWriters?: true;
}

/** Returns the id of a property's finding: eight hex digits, the same on every machine. */
export function recurrenceId(resource: string, { item, property }: Pick<LedgerEntry, "item" | "property">) {
  return digestOf(JSON.stringify([resource, item, property])).slice("sha256:".length, "sha256:".length + 8);
}

/** Returns the properties in a ledger that were repaired at least REPEATED times since their last closing. */
export function repeatedRepairs(resource: string, { corrective, closings }: Ledger): RepeatedRepair[] {
  const repaired = corrective.filter((one) => one.repaired !== undefined);
  const byProperty = Map.groupBy(repaired, (one) => recurrenceId(resource, one));
  return [...byProperty].flatMap(([id, entries]) => {
    const closed = closings.findLast((one) => recurrenceId(resource, one) === id)?.closed ?? "";
    const open = entries.filter(({ repaired = "" }) => repaired > closed);
    const last = open.at(-1);
    if (open.length < REPEATED || last === undefined) return [];
    const { item, property, declared, observed, by } = last;
    const writer = open.findLast((one) => one.writer !== undefined)?.writer;
    return {
      ...{ id, resource, item, property, declared, observed },
      repairs: open.map(({ repaired = "" }) => repaired),
      ...(by !== undefined && { by }),
      ...(writer !== undefined && { writer }),
    };
  });
}

/**
 * Whether repairs recur: REPEATED repairs were within the declared time. The finding is open until a person closes it,
 * even if no repairs follow for a long time.
 *
 * @param within seconds
 */
export function isRecurring(repair: RepeatedRepair, within: number): boolean {
  return recurrenceSpan(repair) <= within;
}

/**
 * Returns the shortest time in seconds in which a property was repaired REPEATED times; infinity if there were fewer
 * repairs.
 */
export function recurrenceSpan({ repairs }: RepeatedRepair): number {
  const times = repairs.map((one) => Date.parse(one));
  const spans = times.slice(REPEATED - 1).map((time, i) => (time - (times[i] ?? 0)) / 1000);
  return Math.min(Number.POSITIVE_INFINITY, ...spans);
}

/** Returns sentences about the recurring repair, its probable writer, and the next step. */
export function recurrenceText(repair: RepeatedRepair): string {
  const { id, resource, item, property, repairs } = repair;
  const { kind, name } = subjectOf(resource);
  const subject = kind === "host" ? "" : `${name}: `;
  const first = timeText(repairs[0] ?? "");
  const found = `${subject}${labelOf(item)}: ${property} has been repaired ${count(repairs.length, "time")} since ${first}, and the cause is still there.`;
  const next = `Find what changes it, then close the finding with \`npx fleet resolve ${id} --why "…"\`.`;
  return [found, ...(repair.writer === undefined ? [] : [writerText(repair.writer)]), next].join(" ");
}

/** Returns one or two sentences about the last writer of a file, or about its probable writer. */
export function writerText({ time, owner, ran, by, unrecorded }: ProbableWriter): string {
  // fatrace reports a process as unknown if it had ended before its name could be read.
  const known = by?.name === "unknown" ? `a process with the PID ${by.pid}` : by && processText(by);
  if (known !== undefined && by?.user !== undefined) {
    // The unit of cron says less than the name of the job.
    const jobs = ran.filter((one) => one.startsWith("cron of "));
    const also =
      by.unit === "cron.service" && jobs.length > 0 ? `; at that time ran: ${jobs.join(", ")}` : "";
    return `It was last written at ${timeText(time)} by ${known}${also}.`;
  }
  const last = `It was last written at ${timeText(time)} and belonged to ${owner}`;
  const told =
    known === undefined ? "" : `; the kernel reports ${known}, which ended before more could be read`;
  const probable =
    ran.length === 0
      ? "the journal names no program that ran at that time"
      : `probable writer, because it ran at that time: ${ran.join(", ")}`;
  return `${last}${told}; ${probable}.${unrecorded === undefined ? "" : ` ${unrecorded}`}`;
}

function processText({ name, pid, user, executable, unit, parents = [] }: WritingProcess): string {
  const above = parents.length === 0 ? "" : `, started by ${parents.join(", started by ")}`;
  const who = user === undefined ? "" : ` of ${user}`;
  const what = `${executable ?? name}${who}, PID ${pid}${above}`;
  return unit === undefined ? `the process ${what}` : `${unit} (${what})`;
}

function timeText(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}
