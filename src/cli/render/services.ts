import { visible } from "../../base/terminal-text.ts";
import { HOSTD_UNIT } from "../../model/host-paths.ts";
import { byPriority } from "../exit.ts";
import { codesOfAgents } from "../observe/agents.ts";
import type { ServiceRow, ServicesReport } from "../observe/services.ts";
import { span } from "../observe/span.ts";
import { silentHosts } from "./silent-hosts.ts";
import { stopRemarks } from "./stop-remarks.ts";
import { table } from "./table.ts";
import { safeJson, stateText } from "./text.ts";

const COLUMNS = [
  "SERVICE",
  "HOST",
  "UNIT",
  "STATE",
  "HEALTH",
  "ENABLED",
  "PID",
  "RESTARTS",
  "SINCE",
  "CHECK",
];

/**
 * Renders a table with one row per service. Then renders sentences about hosts that did not answer and about services
 * that need attention.
 */
export function renderServices(report: ServicesReport): string {
  const { services, hosts } = report;
  const lines = [...silentHosts(hosts), ...remarksOn(report)].map((line) => `${visible(line)}\n`);
  return [table([COLUMNS, ...services.map(rowOf)]), ...(lines.length > 0 ? ["\n", ...lines] : [])].join("");
}

/** Renders the report as JSON, as described in docs/schema/services.schema.json. */
export function renderServicesJson(report: ServicesReport): string {
  const codes = byPriority(codesOfAgents(report));
  const { services, hosts, unwatched } = report;
  return safeJson({ version: 1, exit: codes[0], codes, services, hosts, unwatched });
}

function remarksOn({ services, unwatched }: ServicesReport): string[] {
  return [
    ...unwatched.map(
      (host) =>
        `${host}: its deadman is silent: run \`npx fleet ssh ${host} -- systemctl status ${HOSTD_UNIT}\`.`,
    ),
    ...services.flatMap((row) => stopRemarks(row.service, row)),
  ];
}

function rowOf(row: ServiceRow): string[] {
  const pid = row.pid === 0 ? undefined : row.pid;
  const since = row.since === undefined || row.since === 0 ? undefined : span(row.since);
  const health = row.state === "running" ? row.health : undefined;
  const rest = [health, row.enabled || undefined, pid, row.restarts, since, row.detail];
  return [row.service, row.host, row.unit, stateText(row.state), ...rest.map((value) => `${value ?? "-"}`)];
}
