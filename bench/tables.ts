import { type CellResult, COMMANDS, type Command } from "./cell.ts";
import { summarize } from "./stats.ts";

/** A target: what a command may cost beyond a floor, in times of the bare script. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly most: number;
}

/** The targets: `fleet drift` against the bare script, `preview` against the engine's floor and that script. */
export function ratiosOf(result: CellResult): Ratio[] {
  const median = (command: Command) => summarize(result.runs[command]).median;
  const bare = median("bare script");
  return [
    { name: "fleet drift / bare script", value: median("fleet drift") / bare, most: 2 },
    {
      name: "(preview - floor) / bare script",
      value: (median("preview") - median("preview, floor")) / bare,
      most: 1.5,
    },
  ];
}

/** One cell as Markdown tables, times in seconds. */
export function tablesOf(result: CellResult): string {
  return [
    `### ${result.hosts} x ${result.agents}\n`,
    table(["command", "runs", "min", "median", "max"], timeRows(result)),
    table(["ratio of medians", "measured", "at most"], ratioRows(result)),
    table(["one run", "connections", "observing requests", "changing requests"], requestRows(result)),
  ].join("\n");
}

function timeRows({ firstUp, runs }: CellResult): string[][] {
  const rows = COMMANDS.map((command) => {
    const { runs: count, min, median, max } = summarize(runs[command]);
    return [command, `${count}`, ...[min, median, max].map(seconds)];
  });
  return [["first up", "1", "", seconds(firstUp), ""], ...rows];
}

function ratioRows(result: CellResult): string[][] {
  return ratiosOf(result).map(({ name, value, most }) => [name, value.toFixed(2), most.toFixed(1)]);
}

function requestRows({ requests }: CellResult): string[][] {
  return Object.entries(requests).map(([command, { connections, observing, changing }]) => [
    command,
    ...[connections, observing, changing].map(String),
  ]);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return `${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`;
}

export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}
