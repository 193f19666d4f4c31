import type { Fleet } from "../../config/fleet.ts";
import type { HistoryEvent } from "../../model/deadman.ts";
import type { Closing, LedgerEntry } from "../../model/ledger.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { isAgentSelected } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";
import { isHostJobSelected } from "./jobs.ts";
import { isSelectedService } from "./services.ts";

export interface HistorySelection extends Selection {
  /** The only agent or service to include; absent for all agents and services. */
  readonly name?: string;
  /** The maximum number of events per host; the latest events are kept. */
  readonly last: number;
}

export interface HistoryReport {
  readonly hosts: readonly HostReport[];
  /** The events of all hosts, oldest first. */
  readonly events: readonly (HistoryEvent & { readonly host: string })[];
  /** The drift that was found and its repairs, oldest first. Present only with `--drift`; `events` is then empty. */
  readonly drift?: readonly DriftRow[];
}

/** One difference that a run has found on a host, or a finding that a person has closed. */
export type DriftRow = {
  readonly host: string;
  readonly resource: string;
  /** The id for `fleet resolve`. */
  readonly id: string;
} & ((LedgerEntry & { readonly kind: "corrective" | "intended" }) | (Closing & { readonly kind: "closed" }));

/** Reads the history of the selected agents, services and hosts, or only of one agent or service. */
export async function observeHistory(
  fleet: Fleet,
  selection: HistorySelection,
  open: OpenHost,
): Promise<HistoryReport> {
  const hosts = hostsFor(fleet, selection);
  const histories = await Promise.all(hosts.map((host) => historyOf(fleet, host, selection, open)));
  const events = withoutCopies(histories.flatMap((one) => one.events));
  return {
    hosts: histories.map((one) => one.host),
    events: events.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)),
  };
}

/**
 * Drops duplicate events. An agent's history moves with the agent, so two hosts can have a record of the same
 * event.
 */
function withoutCopies(events: HistoryReport["events"]): HistoryReport["events"] {
  const seen = new Set<string>();
  return events.filter(({ time, event, agent, detail }) => {
    if (agent === undefined) return true;
    const key = JSON.stringify([time, event, agent, detail]);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** Returns the hosts that a selection covers. */
export function hostsFor(fleet: Fleet, selection: HistorySelection): string[] {
  const { name } = selection;
  const agents = Object.values(fleet.agents).filter((one) => isAgentSelected(one, selection));
  const services = Object.values(fleet.services).filter((one) => isSelectedService(one, selection));
  const all = [...agents, ...services].filter((one) => name === undefined || one.name === name);
  const withJobs = name === undefined ? hostsWithJobs(fleet, selection) : [];
  return [...new Set([...all.map((one) => one.host), ...withJobs])];
}

/** Returns the hosts that have their own jobs. Such a host has a history even if it has no agents. */
function hostsWithJobs({ jobs }: Fleet, selection: Selection): string[] {
  return Object.values(jobs).flatMap((job) => (isHostJobSelected(job, selection) ? [job.host] : []));
}

async function historyOf(fleet: Fleet, host: string, { name, last }: HistorySelection, open: OpenHost) {
  const request = { op: "history", ...(name !== undefined && { agent: name }), last } as const;
  const { host: report, answer } = await queryHost(fleet, host, open, (reader) => reader.history(request));
  const events = answer?.events ?? [];
  return { host: report, events: events.map((event) => ({ ...event, host })) };
}
