import { visible } from "../../base/terminal-text.ts";
import { HOSTD_UNIT } from "../../model/host-paths.ts";
import { byPriority } from "../exit.ts";
import type { AgentRow, AgentsReport } from "../observe/agents.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson, stateText } from "./text.ts";

const COLUMNS = [
  "AGENT",
  "TENANT",
  "HOST",
  "RUNTIME",
  "STATE",
  "ENABLED",
  "PID",
  "RESTARTS",
  "SINCE",
  "BEAT",
];

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/**
 * Renders a table with one row per agent, then sentences about hosts that did not answer and what needs
 * attention.
 */
export function renderAgents(report: AgentsReport): string {
  const { agents, hosts } = report;
  const lines = [...silentHosts(hosts), ...remarksOn(report)].map((line) => `${visible(line)}\n`);
  return [table([COLUMNS, ...agents.map(rowOf)]), ...(lines.length > 0 ? ["\n", ...lines] : [])].join("");
}

/** Renders the report as JSON, as described in docs/schema/ps.schema.json. */
export function renderAgentsJson(report: AgentsReport): string {
  const codes = byPriority(codesOfAgents(report));
  return safeJson({
    version: 1,
    exit: codes[0],
    codes,
    agents: report.agents,
    hosts: report.hosts,
    unwatched: report.unwatched,
  });
}

/** Formats seconds in their two largest units: `3d 4h`, `12s`. */
export function span(seconds: number): string {
  const at = UNITS.findIndex(([, size]) => seconds >= size);
  if (at === -1) return "0s";
  let rest = Math.floor(seconds);
  const parts = UNITS.slice(at, at + 2).map(([unit, size]) => {
    const number = Math.floor(rest / size);
    rest -= number * size;
    return number === 0 ? "" : `${number}${unit}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}

function remarksOn({ agents, unwatched }: AgentsReport): string[] {
  return [
    ...unwatched.map(
      (host) =>
        `${host}: its deadman is silent: run \`npx fleet ssh ${host} -- systemctl status ${HOSTD_UNIT}\`.`,
    ),
    ...agents.flatMap(
      ({ agent, runtime, process, otherProcess, former, owed, failedOver, quarantine, problem, paused }) => [
        ...(quarantine
          ? [`${agent} is in quarantine: ${quarantine.reason}. \`npx fleet release ${agent}\` frees it.`]
          : []),
        ...(otherProcess
          ? [`${agent}: its pane runs ${process}, which is not a process of ${runtime}.`]
          : []),
        ...(former
          ? [`${agent} still runs in ${former}: \`up\` takes it over when \`takeOver: later\` is removed.`]
          : []),
        ...(failedOver ? [failedOverSentence(agent, failedOver)] : []),
        ...(owed ? [deferredRestartSentence(agent, owed)] : []),
        ...(problem ? [`${agent}: its heartbeat is invalid: ${problem}.`] : []),
        ...(paused ? [`${agent}: the deadman is paused: ${paused}.`] : []),
      ],
    ),
  ];
}

function failedOverSentence(agent: string, { provider, since }: NonNullable<AgentRow["failedOver"]>): string {
  return `${agent} has used provider ${provider} instead of its first since ${since}: \`npx fleet history ${agent}\` shows why.`;
}

function deferredRestartSentence(
  agent: string,
  { restart, within, since }: NonNullable<AgentRow["owed"]>,
): string {
  const start = `${agent} still runs as it was declared before ${since}`;
  if (restart === "never")
    return `${start}: \`npx fleet stop ${agent}\` and \`npx fleet start ${agent}\` apply the change.`;
  return `${start}: it restarts when it is idle, at the latest ${span(within)} after that time.`;
}

function rowOf(row: AgentRow): string[] {
  const pid = row.pid === 0 ? undefined : row.pid;
  const since = row.since === undefined || row.since === 0 ? undefined : span(row.since);
  const ago = row.silent === undefined || row.state === "quarantined" ? [] : [span(row.silent)];
  const beat = [...(row.beat ? [row.beat] : []), ...ago].join(" ") || undefined;
  const isOnDemand = row.lifecycle === "ephemeral" && row.enabled === "disabled";
  const enabled = isOnDemand ? "on demand" : row.enabled || undefined;
  const rest = [enabled, pid, row.restarts, since, beat].map((value) => `${value ?? "-"}`);
  return [row.agent, row.tenant, row.host, row.runtime, stateText(row.state), ...rest];
}
