import { count } from "../../base/count.ts";
import { visible } from "../../base/terminal-text.ts";
import type { Cause } from "../../model/diff.ts";
import type { Finding, FindingKind } from "../../model/finding.ts";
import { type FleetReport, type HostReport, isMissed, isPending } from "../observe/fleet-report.ts";
import { renderChange } from "./change.ts";
import { subject } from "./finding-subject.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { shortValue } from "./text.ts";

const CAUSES: Readonly<Record<Cause, string>> = {
  drift: "changed on the host",
  intended: "fleet.yaml changed, not applied yet",
  both: "changed on the host and in fleet.yaml",
  unknown: "cause unknown: the host has no record of it",
};

/** The cause of a finding in words, and its kind. */
export function causeText({ cause, kind }: Finding): string {
  return kind === undefined ? CAUSES[cause] : `${CAUSES[cause]}: ${kind}`;
}

/** The report for a person: a change's doing, what differs by host, what could not be told, what to do. */
export function renderDrift(report: FleetReport): string {
  const sections = [
    ...(report.change === undefined ? [] : [renderChange(report.change), "What the hosts are like now:"]),
    ...[...Map.groupBy(report.findings, (one) => one.host)].map(([host, found]) => findingsOf(host, found)),
    unknownItems(report),
    orphans(report),
    unmanaged(report),
    closing(report).join("\n"),
  ];
  return `${sections
    .filter((section) => section !== "")
    .map((section) => section.trimEnd())
    .join("\n\n")}\n`;
}

function findingsOf(host: string, findings: readonly Finding[]): string {
  const rows = findings.map((finding) => [
    subject(finding),
    finding.item,
    finding.property,
    `declared ${shortValue(finding.declared)}`,
    `observed ${shortValue(finding.observed)}`,
    causeText(finding),
  ]);
  return `${visible(host)}\n${table(rows, "  ")}`;
}

function unknownItems({ unknown }: FleetReport): string {
  if (unknown.length === 0) return "";
  return `Could not be told:\n${table(
    unknown.map((one) => [one.host, subject(one), one.item, one.reason]),
    "  ",
  )}`;
}

function orphans({ orphans }: FleetReport): string {
  if (orphans.length === 0) return "";
  return `Not in fleet.yaml any more; \`up\` of their own stack removes them:\n${table(
    orphans.map((one) => [one.host, one.resource, `of ${one.owner}`]),
    "  ",
  )}`;
}

function unmanaged({ unmanaged }: FleetReport): string {
  if (unmanaged.length === 0) return "";
  const rows = unmanaged.map((one) => [one.host, one.agent ?? one.user, one.kind, one.name, one.where]);
  return `Note: nobody declared these, and \`up\` leaves them alone (docs/jobs.md):\n${table(rows, "  ")}`;
}

/** The last lines: what holds, and the command that comes next. */
function closing(report: FleetReport): string[] {
  const held = report.findings.flatMap((finding) => heldSentence(finding) ?? []);
  const drifted = report.findings.filter((finding) => !isPending(finding) && !heldSentence(finding));
  const pending = report.findings.length - drifted.length - held.length;
  const found = [
    ...held,
    ...drifted.filter(({ kind }) => kind === "BOOT-ENABLE").map(bootSentence),
    ...agentsWith("RUNTIME", drifted).map(runtimeSentence),
    ...(drifted.length > 0 ? [driftSentence(drifted)] : []),
    ...(pending > 0 ? [pendingSentence(pending)] : []),
  ];
  const isQuiet = found.length === 0 && report.hosts.every(isNoted);
  return [...silentHosts(report.hosts), ...(isQuiet ? [cleanSentence(report)] : found)];
}

/** What is to be done about a finding that `up` does not mend; nothing of any other. */
function heldSentence({
  service,
  agent = service ?? "AGENT",
  type,
  host,
  item,
  property,
  observed,
}: Finding): string | undefined {
  if (property === "active" && observed === "quarantined")
    return `${agent} is in quarantine: \`npx fleet history ${agent}\` tells why, \`npx fleet release ${agent}\` frees it.`;
  if (type === "Host" && item === "limits")
    return `Limits of ${property} do not count on ${visible(host)}, and \`up\` cannot make them count: docs/isolation.md tells what can.`;
  if (property === "found")
    return `${agent}: its program is not on the host: install it, or correct its PATH.`;
  return undefined;
}

/** Each agent once. */
function agentsWith(kind: FindingKind, findings: readonly Finding[]): string[] {
  return [...new Set(findings.filter((one) => one.kind === kind).map(({ agent = "AGENT" }) => agent))];
}

function runtimeSentence(agent: string): string {
  return `${agent} runs on a model or a provider that nobody declared, or would at its next start (RUNTIME).`;
}

function bootSentence({ service, agent = service ?? "AGENT" }: Finding): string {
  return `${agent} would not come back after a reboot (BOOT-ENABLE).`;
}

function driftSentence(drifted: readonly Finding[]): string {
  const hosts = new Set(drifted.map((finding) => finding.host)).size;
  const found = `${count(drifted.length, "difference")} on ${count(hosts, "host")}`;
  return `${found}: \`npx pulumi up\` mends it; \`npx pulumi preview --diff\` shows what it would write.`;
}

function pendingSentence(pending: number): string {
  const changes = `${count(pending, "change")} of fleet.yaml not applied yet`;
  return `${changes}: \`npx pulumi up\` applies it; \`npx pulumi preview --diff\` shows it.`;
}

/** Whether a host answered, or may be away. */
function isNoted(host: HostReport): boolean {
  return host.state === "ok" || (host.state === "away" && !isMissed(host));
}

/** What was looked at: `3 hosts, 5 agents`, and services where there are any. */
export function observedCount({ hosts, agents, services }: FleetReport): string {
  const some = [count(hosts.length, "host"), count(agents, "agent")];
  return [...some, ...(services > 0 ? [count(services, "service")] : [])].join(", ");
}

function cleanSentence(report: FleetReport): string {
  const { hosts, unknown } = report;
  const looked = observedCount(report);
  const isWhole = unknown.length === 0 && hosts.every(({ state }) => state === "ok");
  return !isWhole ? `${looked}: no drift in the rest.` : `${looked}: no drift`;
}
