import type { Fleet } from "../../config/fleet.ts";
import type { HistoryEvent } from "../../model/deadman.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { isAgentSelected } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";
import { isHostJobSelected } from "./jobs.ts";
import { isSelectedService } from "./services.ts";

export interface Asked extends Selection {
  /** Of an agent or a service. */
  readonly name?: string;
  /** Events of a host at most, the latest. */
  readonly last: number;
}

export interface HistoryReport {
  readonly hosts: readonly HostReport[];
  /** The oldest first, over all hosts. */
  readonly events: readonly (HistoryEvent & { readonly host: string })[];
}

/** What happened on the hosts that have agents or services; of one, on its host. */
export async function observeHistory(fleet: Fleet, asked: Asked, open: OpenHost): Promise<HistoryReport> {
  const looks = await Promise.all(hostsFor(fleet, asked).map((host) => historyOf(fleet, host, asked, open)));
  const events = once(looks.flatMap((look) => look.events));
  return {
    hosts: looks.map((look) => look.host),
    events: events.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)),
  };
}

/** What an agent brought along when it moved stands on two hosts. */
function once(events: HistoryReport["events"]): HistoryReport["events"] {
  const told = new Set<string>();
  return events.filter(({ time, event, agent, detail }) => {
    if (agent === undefined) return true;
    const key = JSON.stringify([time, event, agent, detail]);
    const isNew = !told.has(key);
    told.add(key);
    return isNew;
  });
}

function hostsFor(fleet: Fleet, asked: Asked): string[] {
  const agents = Object.values(fleet.agents).filter((one) => isAgentSelected(one, asked));
  const services = Object.values(fleet.services).filter((one) => isSelectedService(one, asked));
  const all = [...agents, ...services].filter(({ name }) => asked.name === undefined || name === asked.name);
  const ofHosts = asked.name === undefined ? hostsOfJobs(fleet, asked) : [];
  return [...new Set([...all.map((one) => one.host), ...ofHosts])];
}

/** What became of a host's own jobs is told there, whether it has agents or not. */
function hostsOfJobs({ jobs }: Fleet, asked: Asked): string[] {
  return Object.values(jobs).flatMap((job) => (isHostJobSelected(job, asked) ? [job.host] : []));
}

async function historyOf(fleet: Fleet, host: string, { name, last }: Asked, open: OpenHost) {
  const request = { op: "history", ...(name !== undefined && { agent: name }), last } as const;
  const asked = await queryHost(fleet, host, open, (reader) => reader.history(request));
  const events = asked.answer?.events ?? [];
  return { host: asked.host, events: events.map((event) => ({ ...event, host })) };
}
