import { labelOf } from "../../model/agent-parts.ts";
import type { HistoryEvent } from "../../model/deadman.ts";
import { writerText } from "../../model/recurrence.ts";
import { subjectOf } from "../../model/resource-id.ts";
import { byPriority } from "../exit.ts";
import { codesOfAgents } from "../observe/agents.ts";
import type { DriftRow, HistoryReport } from "../observe/history.ts";
import { timeOf } from "../observe/ledgers.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson, shortPair } from "./text.ts";

/** Renders one line per event, the latest event last. Then renders a sentence for each host that did not answer. */
export function renderHistory({ events, drift, hosts }: HistoryReport): string {
  if (drift !== undefined) return renderLedgers(drift, hosts);
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

/** Renders one line per difference, the latest difference last. */
function renderLedgers(drift: readonly DriftRow[], hosts: HistoryReport["hosts"]): string {
  const rows = drift.map((row) => [
    timeOf(row).replace(/\.\d+Z$/, "Z"),
    row.host,
    subjectOf(row.resource).name,
    labelOf(row.item),
    row.property,
    row.id,
    resultOf(row),
  ]);
  const lines = rows.length > 0 ? table(rows) : "No drift has been found yet.\n";
  return [lines, ...silentHosts(hosts).map((line) => `${line}\n`)].join("");
}

function resultOf(row: DriftRow): string {
  if (row.kind === "closed") return `closed by ${row.by}: ${row.why}`;
  const by = row.by === undefined ? "" : ` by ${row.by}`;
  const done = row.repaired === undefined ? "found, not repaired" : `${VERBS[row.kind]}${by}`;
  const values = shortPair(row.declared, row.observed);
  const writer = row.writer === undefined ? "" : `. ${writerText(row.writer)}`;
  return `${done}: it was ${values[1]} instead of ${values[0]}${writer}`;
}

const VERBS = { corrective: "repaired", intended: "changed in fleet.yaml and applied" } as const;

/** Renders the report as JSON, as described in docs/schema/history.schema.json. */
export function renderHistoryJson(report: HistoryReport): string {
  const codes = byPriority(codesOfAgents(report));
  const events = report.events.map(inKeyOrder);
  return safeJson({
    version: 1,
    exit: codes[0],
    codes,
    events,
    ...(report.drift && { drift: report.drift }),
    hosts: report.hosts,
  });
}

function inKeyOrder({ time, host, agent, service, event, job, detail }: HistoryEvent & { host: string }) {
  const subject = { ...(agent && { agent }), ...(service && { service }) };
  return { time, host, ...subject, event, ...(job && { job }), ...(detail && { detail }) };
}
