import { count } from "../../base/count.ts";
import type { PropertyChange, ResourceChange } from "../change/fleet-change.ts";
import { type FleetReport, type HostReport, isKeyCopy } from "../observe/fleet-report.ts";
import { causeText, observedCount, recurringSentence } from "./drift.ts";
import { subject } from "./finding-subject.ts";
import { cell, cellPair, code, diffs, list, markdownTable } from "./markdown-blocks.ts";
import { stateText } from "./text.ts";

/** Renders the report as Markdown, for an issue, a comment on a pull request, or the summary of a CI run. */
export function renderMarkdown(report: FleetReport): string {
  return [
    ...changeOf(report),
    `## Drift of ${code(report.fleet)}`,
    findingsTable(report),
    diffs(report.findings.map((one) => [[one.host, subject(one), one.item], one.lines])),
    list(
      "Recurring",
      report.recurring.map((one) => `${code(one.host)}: ${code(recurringSentence(one))}`),
    ),
    list("Hosts that did not answer", report.hosts.filter((host) => host.state !== "ok").map(hostLine)),
    list(
      "Could not be observed",
      report.unknown.map((one) => `${code(`${one.host} ${subject(one)} ${one.item}`)}: ${code(one.reason)}`),
    ),
    list(
      "No longer in fleet.yaml",
      report.orphans.map((one) => `${code(one.resource)} on ${code(one.host)}, owned by ${code(one.owner)}`),
    ),
    list(
      "Copies of credentials: delete these files, and replace each credential at its source",
      report.unmanaged
        .filter(isKeyCopy)
        .map(
          (one) =>
            `${code(one.name)} of ${code(one.agent ?? one.user)} on ${code(one.host)}: ${code(one.where)}`,
        ),
    ),
    list(
      "Not declared (only a note)",
      report.unmanaged
        .filter((one) => !isKeyCopy(one))
        .map(
          (one) =>
            `${one.kind} of ${code(one.agent ?? one.user)} on ${code(one.host)}: ${code(one.name)} ${code(one.where)}`,
        ),
    ),
  ]
    .filter((section) => section !== "")
    .map((section) => `${section}\n`)
    .join("\n");
}

/** Renders the errors in fleet.yaml or the inventory as Markdown. */
export function renderInvalid(problems: readonly string[]): string {
  return `${list("The fleet cannot be checked", problems.map(code))}\n`;
}

function changeOf({ change }: FleetReport): string[] {
  if (change === undefined) return [];
  const { resources, hosts } = change;
  const nothing = resources.length + hosts.length === 0;
  const properties = resources.flatMap((one) => one.properties.map((property) => ({ one, property })));
  return [
    "## What this change would do",
    nothing ? "It affects no host." : "",
    markdownTable(
      ["", "host", "agent", "what", "property", "before", "after"],
      resources.flatMap(changeRows),
    ),
    diffs(properties.map(({ one, property }) => [[one.host, subject(one), property.item], property.lines])),
    list(
      "How hosts would be reached (not tested)",
      hosts.map((one) => `${code(one.host)} ${code(one.field)}: ${code(one.before)} → ${code(one.after)}`),
    ),
    list(
      "Agents that restart",
      resources.filter((one) => one.restarts).map((one) => `${code(subject(one))} on ${code(one.host)}`),
    ),
  ];
}

const ACTIONS: Readonly<Record<ResourceChange["action"], string>> = {
  create: "create",
  update: "change",
  delete: "**delete**",
};

function changeRows(change: ResourceChange): string[][] {
  const place = [ACTIONS[change.action], cell(change.host), cell(subject(change))];
  const row = (what: string, property: string, before: string, after: string) =>
    [...place, what, property, before, after] as string[];
  if (change.action !== "update") return [row(`${change.type} ${cell(change.resource)}`, "", "", "")];
  return change.properties.map(({ item, property, before, after }: PropertyChange) =>
    row(cell(item), cell(property), ...cellPair(before, after)),
  );
}

function findingsTable(report: FleetReport): string {
  const { findings, hosts } = report;
  const answered = hosts.filter(({ state }) => state === "ok").length;
  if (findings.length === 0 && answered < hosts.length) {
    return `No drift found on ${answered} of ${count(hosts.length, "host")}; the others did not answer.`;
  }
  if (findings.length === 0) return `${observedCount(report)}: no drift found.`;
  return markdownTable(
    ["host", "agent", "item", "property", "declared", "observed", "cause"],
    findings.map((one) => [
      ...[one.host, subject(one), one.item, one.property].map(cell),
      ...cellPair(one.declared, one.observed),
      causeText(one),
    ]),
  );
}

function hostLine({ host, state, reason }: HostReport): string {
  return `${code(host)} ${stateText(state)}${reason === undefined ? "" : `: ${code(reason)}`}`;
}
