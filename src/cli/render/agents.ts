import { visible } from "../../base/terminal-text.ts";
import { HOSTD_UNIT } from "../../model/host-paths.ts";
import { byPriority } from "../exit.ts";
import type { AgentRow, AgentsReport } from "../observe/agents.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson } from "./text.ts";

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

/** One row an agent; after them a sentence for each host that gave no answer, and for what needs somebody. */
export function renderAgents(report: AgentsReport): string {
  const { agents, hosts } = report;
  const lines = [...silentHosts(hosts), ...remarksOn(report)].map((line) => `${visible(line)}\n`);
  return [table([COLUMNS, ...agents.map(rowOf)]), ...(lines.length > 0 ? ["\n", ...lines] : [])].join("");
}

/** The same as docs/schema/ps.schema.json describes it. */
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

/** A time span in its two largest units: `3d 4h`, `12s`. */
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
      (host) => `${host}: its deadman is silent: \`npx fleet ssh ${host} -- systemctl status ${HOSTD_UNIT}\``,
    ),
    ...agents.flatMap(
      ({ agent, runtime, process, otherProcess, former, owed, failedOver, quarantine, problem, paused }) => [
        ...(quarantine
          ? [`${agent} is in quarantine: ${quarantine.reason}: \`npx fleet release ${agent}\` frees it.`]
          : []),
        ...(otherProcess ? [`${agent}: in its pane runs ${process}, which is none of ${runtime}'s.`] : []),
        ...(former
          ? [`${agent} runs in ${former} still: \`up\` takes it over once its \`takeOver: later\` is gone.`]
          : []),
        ...(failedOver ? [failedOverSentence(agent, failedOver)] : []),
        ...(owed ? [owedSentence(agent, owed)] : []),
        ...(problem ? [`${agent}: its heartbeat is wrong: ${problem}.`] : []),
        ...(paused ? [`${agent} is left alone: ${paused}.`] : []),
      ],
    ),
  ];
}

function failedOverSentence(agent: string, { provider, since }: NonNullable<AgentRow["failedOver"]>): string {
  return `${agent} is on provider ${provider} since ${since}, not on its first: \`npx fleet history ${agent}\` tells why.`;
}

function owedSentence(agent: string, { restart, within, since }: NonNullable<AgentRow["owed"]>): string {
  const so = `${agent} runs as it was declared before ${since}`;
  if (restart === "never")
    return `${so}: its next start changes that, such as by \`npx fleet stop\` and \`start\`.`;
  return `${so}: it is started again when it is idle, ${span(within)} after that at the latest.`;
}

function rowOf(row: AgentRow): string[] {
  const pid = row.pid === 0 ? undefined : row.pid;
  const since = row.since === undefined || row.since === 0 ? undefined : span(row.since);
  const ago = row.silent === undefined || row.state === "quarantined" ? [] : [span(row.silent)];
  const beat = [...(row.beat ? [row.beat] : []), ...ago].join(" ") || undefined;
  const isOnDemand = row.lifecycle === "ephemeral" && row.enabled === "disabled";
  const enabled = isOnDemand ? "on demand" : row.enabled || undefined;
  const rest = [enabled, pid, row.restarts, since, beat].map((value) => `${value ?? "-"}`);
  return [row.agent, row.tenant, row.host, row.runtime, row.state, ...rest];
}
