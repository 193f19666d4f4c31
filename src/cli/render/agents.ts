import { styleText } from "node:util";
import { visible } from "../../base/terminal-text.ts";
import { HOSTD_UNIT } from "../../model/host-paths.ts";
import { byPriority } from "../exit.ts";
import { codesOfFlags, flagSentences } from "../observe/agent-flags.ts";
import { type AgentRow, type AgentsReport, codesOfPs } from "../observe/agents.ts";
import { span } from "../observe/span.ts";
import { type FitColumn, fitTable, type TableLayout } from "./fit-table.ts";
import { silentHosts } from "./silent-hosts.ts";
import { stopRemarks } from "./stop-remarks.ts";
import { safeJson, stateText } from "./text.ts";

/** The size and the colours of the screen on which a report is shown. */
export interface Screen {
  /** The number of columns. */
  readonly columns: number;
  readonly isColoured: boolean;
}

/** A screen without colours, as in a pipe. */
export const PLAIN: Screen = { columns: 80, isColoured: false };

/** The columns of the table. The texts in AGENT, STATE, UP and FLAGS are never shortened. */
const COLUMNS: readonly FitColumn<AgentRow>[] = [
  { title: "AGENT", cell: ({ agent }) => agent },
  { title: "TENANT", cell: ({ tenant }) => tenant, atLeast: 6, leaveOut: 1 },
  { title: "HOST", cell: ({ host }) => host, atLeast: 8 },
  { title: "STATE", cell: ({ state }) => stateText(state), colour: (row, text) => coloured(row, text) },
  { title: "UP", cell: upFor },
  { title: "MEM", cell: ({ memory }) => (memory === undefined ? "-" : shortBytes(memory)), leaveOut: 3 },
  { title: "RUNTIME", cell: runtimeText, atLeast: 7, leaveOut: 2 },
  { title: "MODEL", cell: ({ model }) => model ?? "-", atLeast: 8, leaveOut: 4 },
  { title: "TASK", cell: taskText, atLeast: 6, leaveOut: 5 },
  { title: "FLAGS", cell: ({ flags }) => flags.join(" "), colour: (row, text) => coloured(row, text) },
];

/**
 * Chooses the columns of the table. The TENANT column is shown only if there are several tenants.
 *
 * @param rows all rows of the table, including rows that are printed later
 */
export function layoutOf(rows: readonly AgentRow[], { columns }: Screen): TableLayout<AgentRow> {
  const isOneTenant = new Set(rows.map(({ tenant }) => tenant)).size <= 1;
  const chosen = COLUMNS.filter(({ title }) => !(isOneTenant && title === "TENANT"));
  return fitTable(chosen, rows, columns);
}

/**
 * Renders a table with one row per agent, then sentences about hosts that did not answer and about agents
 * that need attention.
 */
export function renderAgents(report: AgentsReport, screen: Screen = PLAIN): string {
  const layout = layoutOf(report.agents, screen);
  const rows = report.agents.map((row) => layout.line(row, screen.isColoured));
  return [layout.header, ...rows, renderRemarks(report)].join("");
}

/** Renders the sentences below the table, after an empty line. Returns an empty text if there are no sentences. */
export function renderRemarks(report: AgentsReport): string {
  const lines = [...silentHosts(report.hosts), ...remarksOn(report)].map((line) => `${visible(line)}\n`);
  return lines.length === 0 ? "" : ["\n", ...lines].join("");
}

/** Renders the report as JSON, as described in docs/schema/ps.schema.json. */
export function renderAgentsJson(report: AgentsReport): string {
  const codes = byPriority(codesOfPs(report));
  const agents = report.agents.map(({ isHostEmpty: _, ...row }) => row);
  const { hosts, unwatched } = report;
  return safeJson({ version: 1, exit: codes[0], codes, agents, hosts, unwatched });
}

function remarksOn({ agents, unwatched }: AgentsReport): string[] {
  return [
    ...unwatched.map(
      (host) =>
        `${host}: its deadman is silent: run \`npx fleet ssh ${host} -- systemctl status ${HOSTD_UNIT}\`.`,
    ),
    ...agents.flatMap((row) => [
      // Other sentences already say why the host is unreachable, and why the agent is in quarantine.
      ...flagSentences(row, ["UNREACHABLE", "QUARANTINE"]),
      ...stopRemarks(row.agent, row),
      ...(row.former
        ? [
            `${row.agent} still runs in ${row.former}: \`up\` takes it over when \`takeOver: later\` is removed.`,
          ]
        : []),
      ...unusedKeys(row),
      ...(row.problem ? [`${row.agent}: its heartbeat is invalid: ${row.problem}.`] : []),
    ]),
  ];
}

/** Returns one sentence for each former key that no process of an agent uses any more. */
function unusedKeys({ agent, host, formerKeys = [] }: AgentRow): string[] {
  return formerKeys.flatMap(({ credential, since, unused }) =>
    unused === undefined
      ? []
      : [
          `${agent}: no process on ${host} uses the former value of ${credential} any more, which was replaced at ${since}: you can revoke it.`,
        ],
  );
}

/** Returns how long an agent has been running; `-` if it does not run. */
function upFor({ state, since }: AgentRow): string {
  const isUp = state === "running" || state === "stuck" || state === "stale";
  return isUp && since !== undefined && since > 0 ? span(since) : "-";
}

function runtimeText({ runtime, version, lifecycle, enabled }: AgentRow): string {
  const text = version === undefined ? runtime : `${runtime} ${version}`;
  return lifecycle === "ephemeral" && enabled === "disabled" ? `${text} (on demand)` : text;
}

function taskText({ task, beat, beatFor }: AgentRow): string {
  const state = beatFor === undefined ? beat : `${beat} ${span(beatFor)}`;
  return task ?? state ?? "-";
}

const BYTES = [
  ["T", 2 ** 40],
  ["G", 2 ** 30],
  ["M", 2 ** 20],
  ["K", 2 ** 10],
] as const;

/** Formats a number of bytes in the largest unit: `182M`, `1.4G`. */
function shortBytes(amount: number): string {
  const [unit, size] = BYTES.find(([, least]) => amount >= least) ?? ["B", 1];
  const number = amount / size;
  return `${number < 10 && unit !== "B" ? number.toFixed(1) : Math.round(number)}${unit}`;
}

/** Colours an agent's state and flags. The colours add no information to the texts. */
function coloured({ state, flags }: AgentRow, text: string): string {
  if (state === "away" || codesOfFlags(flags).length > 0) return styleText("red", text, FORCED);
  return styleText(state === "running" && flags.length === 0 ? "green" : "yellow", text, FORCED);
}

/** Skips the check of the stream by styleText, because the caller has already decided that colours are allowed. */
const FORCED = { validateStream: false };
