import { visible } from "../../base/terminal-text.ts";
import { fullestOf, loadOf } from "../../model/machine-health.ts";
import { byPriority } from "../exit.ts";
import { codesOfHosts, type HostRow, type HostsReport } from "../observe/hosts.ts";
import { span } from "../observe/span.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson } from "./text.ts";

const COLUMNS = ["HOST", "UP", "LOAD", "CORES", "MEMORY", "DISK", "FAILED", "DEADMAN"];

/**
 * Renders a table with one row per host, then sentences about hosts that did not answer and about problems.
 */
export function renderHosts({ hosts, rows }: HostsReport): string {
  const ailments = rows.flatMap(({ host, ailments: all }) => all.map((one) => `${host}: ${one}.`));
  const lines = [...silentHosts(hosts), ...ailments].map((line) => `${visible(line)}\n`);
  return [table([COLUMNS, ...rows.map(cellsOf)]), ...(lines.length > 0 ? ["\n", ...lines] : [])].join("");
}

/** Renders the report as JSON, as described in docs/schema/hosts.schema.json. */
export function renderHostsJson(report: HostsReport): string {
  const codes = byPriority(codesOfHosts(report));
  const { rows, hosts } = report;
  return safeJson({ version: 1, exit: codes[0], codes, machines: rows, hosts });
}

function cellsOf({ host, machine }: HostRow): string[] {
  if (machine === undefined) return [host, ...COLUMNS.slice(1).map(() => "-")];
  const { uptime, cores, memory, failed, deadman } = machine;
  const disk = fullestOf(machine);
  return [
    host,
    span(uptime),
    loadOf(machine).toFixed(1),
    `${cores}`,
    `${Math.round(memory.used)}% of ${gigabytes(memory.size)}`,
    disk ? `${Math.round(disk.used)}% of ${gigabytes(disk.size)}, ${disk.path}` : "-",
    `${failed.length}`,
    deadman ?? "-",
  ];
}

function gigabytes(bytes: number): string {
  const size = bytes / 2 ** 30;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)}G`;
}
