import type { HistoryEvent } from "../model/deadman.ts";
import type { Fleet } from "../spec/fleet.ts";
import { isSelected } from "./agents.ts";
import { askHost, type OpenHost } from "./ask.ts";
import type { HostReport } from "./report.ts";
import type { Selection } from "./selection.ts";

export interface Asked extends Selection {
  readonly agent?: string;
  /** Events of a host at most, the latest. */
  readonly last: number;
}

export interface HistoryReport {
  readonly hosts: readonly HostReport[];
  /** The oldest first, over all hosts. */
  readonly events: readonly (HistoryEvent & { readonly host: string })[];
}

/** What happened on the hosts that have agents; of one agent, on its host. */
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
  const { agent } = asked;
  const isAsked = (name: string) => agent === undefined || name === agent;
  const agents = Object.values(fleet.agents).filter((one) => isAsked(one.name) && isSelected(one, asked));
  return [...new Set(agents.map((one) => one.host))];
}

async function historyOf(fleet: Fleet, host: string, { agent, last }: Asked, open: OpenHost) {
  const request = { op: "history", ...(agent !== undefined && { agent }), last } as const;
  const asked = await askHost(fleet, host, open, (reader) => reader.history(request));
  const events = asked.answer?.events ?? [];
  return { host: asked.host, events: events.map((event) => ({ ...event, host })) };
}
