import { byPriority, type ExitCode } from "../exit.ts";
import type { FailurePoint } from "../spof/failure-points.ts";
import { PLAIN } from "./agents.ts";
import { type FitColumn, fitTable } from "./fit-table.ts";
import { safeJson } from "./text.ts";

export interface SpofReport {
  readonly points: readonly FailurePoint[];
  /** The number of agents that were considered. */
  readonly total: number;
  /** The maximum number of agents that one failure may stop; absent if there is no limit. */
  readonly most?: number;
  readonly codes: readonly ExitCode[];
}

/** The maximum number of agents that a row of the table names. */
const MOST_NAMED = 5;

/**
 * Renders a table with one row for each possible failure. The failure that stops the most agents comes first.
 *
 * @param columns the number of columns of the terminal
 */
export function renderSpof({ points, total, most }: SpofReport, columns: number = PLAIN.columns): string {
  if (points.length === 0) return "fleet.yaml declares no agents.\n";
  const layout = fitTable(columnsOf(points, total), points, columns);
  const rows = points.map((point) => layout.line(point, false));
  const over = points.filter(({ agents }) => most !== undefined && agents.length > most);
  const remarks = over.map(
    ({ kind, name, agents }) =>
      `${kind} ${name}: its failure stops ${agents.length} agents, and --max allows ${most}.\n`,
  );
  return [layout.header, ...rows, ...(remarks.length > 0 ? ["\n", ...remarks] : [])].join("");
}

/** Returns the columns. A reason is never shortened, and without reasons, their column is absent. */
function columnsOf(points: readonly FailurePoint[], total: number): FitColumn<FailurePoint>[] {
  return [
    { title: "WHAT FAILS", cell: ({ kind }) => kind },
    { title: "NAME", cell: ({ name }) => name, atLeast: 16 },
    { title: "STOPS", cell: ({ agents }) => `${agents.length} of ${total}` },
    { title: "AGENTS", cell: ({ agents }) => named(agents), atLeast: 16 },
    ...(points.some(({ sharedBecause }) => sharedBecause !== undefined)
      ? [{ title: "SHARED BECAUSE", cell: ({ sharedBecause }: FailurePoint) => sharedBecause ?? "-" }]
      : []),
  ];
}

/** Renders the report as JSON, as described in docs/schema/spof.schema.json. */
export function renderSpofJson({ points, total, most, codes }: SpofReport): string {
  const ordered = byPriority(codes);
  return safeJson({
    version: 1,
    exit: ordered[0],
    codes: ordered,
    agents: total,
    ...(most !== undefined && { max: most }),
    failures: points.map(({ agents, ...point }) => ({ ...point, stops: agents.length, agents })),
  });
}

function named(agents: readonly string[]): string {
  const rest = agents.length - MOST_NAMED;
  return rest > 0 ? `${agents.slice(0, MOST_NAMED).join(", ")} and ${rest} more` : agents.join(", ");
}
