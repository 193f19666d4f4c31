import { count } from "../../base/count.ts";
import { visible } from "../../base/terminal-text.ts";
import type { Finding, FindingKind } from "../../model/drift-finding.ts";
import { type Cause, refusalText } from "../../model/items.ts";
import { REPEATED } from "../../model/ledger.ts";
import { recurrenceText } from "../../model/recurrence.ts";
import {
  type FleetReport,
  type HostReport,
  isKeyCopy,
  isPending,
  isUnexpectedlyUnreachable,
  type Recurring,
} from "../observe/fleet-report.ts";
import { renderChange } from "./change.ts";
import { subject } from "./finding-subject.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { shortPair } from "./text.ts";

const CAUSES: Readonly<Record<Cause, string>> = {
  drift: "changed on the host",
  intended: "fleet.yaml has changed, but the change is not applied yet",
  both: "changed on the host and in fleet.yaml",
  unknown: "cause unknown: the host has no record of it",
};

/** Returns the cause of a finding in words, with its kind. */
export function causeText({ cause, kind }: Finding): string {
  return kind === undefined ? CAUSES[cause] : `${CAUSES[cause]}: ${kind}`;
}

/**
 * Renders the report as text: the effects of a change, the differences by host, the items that could not be observed,
 * and the next steps.
 */
export function renderDrift(report: FleetReport): string {
  const sections = [
    ...(report.change === undefined ? [] : [renderChange(report.change), "The hosts now:"]),
    ...[...Map.groupBy(report.findings, (one) => one.host)].map(([host, found]) => findingsOf(host, found)),
    recurring(report),
    unknownItems(report),
    orphans(report),
    keyCopies(report),
    unmanaged(report),
    closing(report).join("\n"),
  ];
  return `${sections
    .filter((section) => section !== "")
    .map((section) => section.trimEnd())
    .join("\n\n")}\n`;
}

function findingsOf(host: string, findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const [declared, observed] = shortPair(finding.declared, finding.observed);
    return [
      ...[subject(finding), finding.item, finding.property],
      ...[`declared ${declared}`, `observed ${observed}`],
      causeText(finding),
    ];
  });
  return `${visible(host)}\n${table(rows, "  ")}`;
}

function recurring({ recurring }: FleetReport): string {
  if (recurring.length === 0) return "";
  const lines = recurring.map((one) => `  ${visible(one.host)}: ${visible(recurringSentence(one))}\n`);
  return `Recurring (\`up\` has repaired each of them at least ${REPEATED} times):\n${lines.join("")}`;
}

/** Returns sentences that describe a recurring finding and say what to do. */
export function recurringSentence(one: Recurring): string {
  const text = recurrenceText(one);
  return one.onRecurrence === "block" ? `${text} Until then, \`up\` refuses the resource.` : text;
}

function unknownItems({ unknown }: FleetReport): string {
  if (unknown.length === 0) return "";
  return `Could not be observed:\n${table(
    unknown.map((one) => [one.host, subject(one), one.item, one.reason]),
    "  ",
  )}`;
}

function orphans({ orphans }: FleetReport): string {
  if (orphans.length === 0) return "";
  return `These resources are no longer in fleet.yaml; \`up\` for the stack that owns them removes them:\n${table(
    orphans.map((one) => [one.host, one.resource, `owned by ${one.owner}`]),
    "  ",
  )}`;
}

function keyCopies({ unmanaged }: FleetReport): string {
  const copies = unmanaged.filter(isKeyCopy);
  if (copies.length === 0) return "";
  const rows = copies.map((one) => [one.host, one.agent ?? one.user, one.name, one.where]);
  return `These files contain copies of credentials. Delete the files, and replace each credential at its source (docs/secrets.md):\n${table(rows, "  ")}`;
}

function unmanaged(report: FleetReport): string {
  const programs = report.unmanaged.filter((one) => !isKeyCopy(one));
  if (programs.length === 0) return "";
  const rows = programs.map((one) => [one.host, one.agent ?? one.user, one.kind, one.name, one.where]);
  return `Note: these are not declared, and \`up\` does not change them (docs/jobs.md):\n${table(rows, "  ")}`;
}

/** Returns the last lines: a summary, and the command to run next. */
function closing(report: FleetReport): string[] {
  const refused = report.findings.filter(({ refusal }) => refusal !== undefined);
  const open = report.findings.filter(({ refusal }) => refusal === undefined);
  const drifted = open.filter((finding) => !isPending(finding));
  const pending = open.length - drifted.length;
  const found = [
    ...new Set(refused.flatMap(refusalSentence)),
    ...drifted.filter(({ kind }) => kind === "BOOT-ENABLE").map(bootSentence),
    ...agentsWith("RUNTIME", drifted).map(runtimeSentence),
    ...(drifted.length > 0 ? [driftSentence(drifted)] : []),
    ...(pending > 0 ? [pendingSentence(pending)] : []),
  ];
  const isQuiet = found.length === 0 && report.hosts.every(isNoted);
  return [...silentHosts(report.hosts), ...(isQuiet ? [cleanSentence(report)] : found)];
}

/**
 * Returns a sentence that says why `up` does not repair a finding and what to do. Returns an empty list for all other
 * findings.
 */
function refusalSentence({ service, agent = service, host, refusal }: Finding): string[] {
  if (refusal === undefined) return [];
  return [`${visible(agent ?? host)}: ${refusalText(refusal, agent)}`];
}

/** Returns the agents that have a finding of the given kind, without duplicates. */
function agentsWith(kind: FindingKind, findings: readonly Finding[]): string[] {
  return [...new Set(findings.filter((one) => one.kind === kind).map(({ agent = "AGENT" }) => agent))];
}

function runtimeSentence(agent: string): string {
  return `${agent} runs on a model or a provider that is not declared, or will do so after its next start (RUNTIME).`;
}

function bootSentence({ service, agent = service ?? "AGENT" }: Finding): string {
  return `${agent} would not come back after a reboot (BOOT-ENABLE).`;
}

function driftSentence(drifted: readonly Finding[]): string {
  const hosts = new Set(drifted.map((finding) => finding.host)).size;
  const found = `${count(drifted.length, "difference")} on ${count(hosts, "host")}`;
  const what = drifted.length === 1 ? "it" : "them";
  return `${found}: \`npx pulumi up\` repairs ${what}; \`npx pulumi preview --diff\` shows what \`up\` would write.`;
}

function pendingSentence(pending: number): string {
  const changes = `${count(pending, "pending change")} in fleet.yaml`;
  const what = pending === 1 ? "it" : "them";
  return `${changes}: \`npx pulumi up\` applies ${what}; \`npx pulumi preview --diff\` shows ${what}.`;
}

/** Whether a host has answered, or is an intermittent host that is unreachable. */
function isNoted(host: HostReport): boolean {
  return host.state === "ok" || (host.state === "away" && !isUnexpectedlyUnreachable(host));
}

/** Returns the number of checked objects: `3 hosts, 5 agents`, and the number of services if there are any. */
export function observedCount({ hosts, agents, services }: FleetReport): string {
  const some = [count(hosts.length, "host"), count(agents, "agent")];
  return [...some, ...(services > 0 ? [count(services, "service")] : [])].join(", ");
}

function cleanSentence(report: FleetReport): string {
  const { hosts, unknown } = report;
  const checked = observedCount(report);
  const isComplete = unknown.length === 0 && hosts.every(({ state }) => state === "ok");
  return isComplete ? `${checked}: no drift` : `${checked}: no drift in what could be checked.`;
}
