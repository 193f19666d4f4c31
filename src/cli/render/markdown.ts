import type { FleetReport, HostReport } from "../report.ts";
import { causeText, subject } from "./drift.ts";
import { count, shortValue, visible } from "./text.ts";

/** The report as Markdown, for a comment on a change or a page of a CI run. */
export function renderMarkdown(report: FleetReport): string {
  const looked = `${count(report.hosts.length, "host")}, ${count(report.agents, "agent")}`;
  return [
    `## Drift of ${code(report.fleet)}`,
    report.findings.length === 0 ? `${looked}: no drift found.` : findingsTable(report),
    list("Hosts without an answer", report.hosts.filter((host) => host.state !== "ok").map(hostLine)),
    list(
      "Could not be told",
      report.unknown.map((one) => `${code(`${one.host} ${subject(one)} ${one.item}`)}: ${code(one.reason)}`),
    ),
    list(
      "Not in fleet.yaml any more",
      report.orphans.map((one) => `${code(one.resource)} on ${code(one.host)}, of ${code(one.owner)}`),
    ),
  ]
    .filter((section) => section !== "")
    .map((section) => `${section}\n`)
    .join("\n");
}

function findingsTable({ findings }: FleetReport): string {
  const columns = ["host", "agent", "item", "property", "declared", "observed", "cause"];
  const rows = findings.map((one) =>
    [
      ...[one.host, subject(one), one.item, one.property].map(code),
      ...[one.declared, one.observed].map((value) => code(shortValue(value))),
      causeText(one.cause),
    ].join(" | "),
  );
  return [columns.join(" | "), columns.map(() => "---").join(" | "), ...rows]
    .map((row) => `| ${row} |`)
    .join("\n");
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`### ${title}`, "", ...lines.map((line) => `- ${line}`)].join("\n");
}

function hostLine({ host, state, reason }: HostReport): string {
  return `${code(host)} ${state}${reason === undefined ? "" : `: ${code(reason)}`}`;
}

/**
 * Text that nothing in it can turn into a link, a mention, an image or a table's border: a character
 * reference stands for itself alone, unlike a backslash (CommonMark 0.31, 2.5).
 */
function code(text: string): string {
  return `<code>${visible(text).replace(/[!-+\-./:-@[-`{-~]/g, (char) => `&#${char.charCodeAt(0)};`)}</code>`;
}
