import type { HistoryEvent } from "../../model/deadman.ts";
import { byPriority } from "../exit.ts";
import { codesOfAgents } from "../observe/agents.ts";
import type { HistoryReport } from "../observe/history.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson } from "./text.ts";

/** Renders one line per event, the latest last, then a sentence for each host that did not answer. */
export function renderHistory({ events, hosts }: HistoryReport): string {
  const rows = events.map((event) => [
    event.time.replace(/\.\d+Z$/, "Z"),
    event.host,
    event.agent ?? event.service ?? "(host)",
    event.event,
    [event.job, event.detail].filter((part) => part !== undefined && part !== "").join(": "),
  ]);
  const lines = rows.length > 0 ? table(rows) : "Nothing has happened yet.\n";
  return [lines, ...silentHosts(hosts).map((line) => `${line}\n`)].join("");
}

/** Renders the report as JSON, as described in docs/schema/history.schema.json. */
export function renderHistoryJson(report: HistoryReport): string {
  const codes = byPriority(codesOfAgents(report));
  const events = report.events.map(inKeyOrder);
  return safeJson({ version: 1, exit: codes[0], codes, events, hosts: report.hosts });
}

function inKeyOrder({ time, host, agent, service, event, job, detail }: HistoryEvent & { host: string }) {
  const subject = { ...(agent && { agent }), ...(service && { service }) };
  return { time, host, ...subject, event, ...(job && { job }), ...(detail && { detail }) };
}
