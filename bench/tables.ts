import { type CellResult, COMMANDS, type Command } from "./cell.ts";
import { FIRST } from "./first.ts";
import { type Runs, summarize } from "./stats.ts";

/** A target, by medians. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly most: number;
  /** Left out: a number of times. */
  readonly unit?: "s";
}

/** The targets: what commands may cost beside the bare script, the bare apply, and what the engine takes by itself. */
export function ratiosOf(result: CellResult): Ratio[] {
  const median = (command: Command) => summarize(result.runs[command]).median;
  const bare = median("bare script");
  const times = (command: Command, most: number): Ratio => {
    return { name: `${command} / bare script`, value: median(command) / bare, most };
  };
  return [
    times("fleet drift", 2),
    times("preview", 5),
    times("up, nothing to do", 5),
    times("drift repaired", 6),
    firstUp(result),
    {
      name: "(preview - floor) / bare script",
      value: (median("preview") - median("preview, floor")) / bare,
      most: 1.5,
    },
    ...beyondEmpty(result),
  ];
}

function firstUp({ first }: CellResult): Ratio {
  const [up, apply] = [first["first up"], first["bare apply"]].map((runs) => summarize(runs).median);
  return { name: "first up / bare apply", value: (up ?? Number.NaN) / (apply ?? Number.NaN), most: 9 };
}

/** What is asked of one host with ten agents, where the engine's own time is most of a preview. */
function beyondEmpty({ hosts, agents, runs }: CellResult): Ratio[] {
  if (hosts !== 1 || agents !== 10) return [];
  const more = summarize(runs["preview"]).median - summarize(runs["preview, empty program"]).median;
  return [{ name: "preview - preview of an empty program", value: more / 1000, most: 1.5, unit: "s" }];
}

/** One cell as Markdown tables, times in seconds. */
export function tablesOf(result: CellResult): string {
  return [
    `### ${result.hosts} x ${result.agents}\n`,
    `The stack has ${result.resources} resources.\n`,
    table(["command", "runs", "min", "median", "max"], timeRows(result)),
    table(["by medians", "measured", "at most"], ratioRows(result)),
    table(["one run", "connections", "observing requests", "changing requests"], requestRows(result)),
  ].join("\n");
}

function timeRows({ first, runs }: CellResult): string[][] {
  return [
    ...FIRST.map((name) => timeRow(name, first[name])),
    ...COMMANDS.map((command) => timeRow(command, runs[command])),
  ];
}

function timeRow(name: string, runs: Runs): string[] {
  const { runs: count, min, median, max } = summarize(runs);
  return [name, `${count}`, ...[min, median, max].map(seconds)];
}

function ratioRows(result: CellResult): string[][] {
  return ratiosOf(result).map(({ name, value, most, unit }) => {
    const shown = [value.toFixed(2), most.toFixed(1)];
    return [name, ...shown.map((one) => (unit === undefined ? one : `${one} ${unit}`))];
  });
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
