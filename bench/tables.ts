import { FIRST, type FirstRuns } from "./first.ts";
import { type CellResult, COMMANDS, type Command } from "./measure-fleet.ts";
import { type Runs, summarize } from "./stats.ts";

/** The cost of a command compared with another command, calculated from medians. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  /** The target. Small fleets have no target, because the engine's own start is a larger part of their ratio. */
  readonly most?: number;
  /** The unit of the value. Without a unit, the value is a factor. */
  readonly unit?: "s";
}

/** The targets for ten hosts with ten agents each, with the connections that the previous command has left open. */
const FULL = {
  "fleet drift": 2,
  "fleet ps": 1.5,
  preview: 5,
  "up, nothing to do": 5,
  "drift repaired": 6,
  "first up": 9,
} as const;

/**
 * For one host with ten agents, the target in seconds for a preview minus a preview of an empty program. With one host,
 * most of a preview's time is the engine's own time.
 */
const BEYOND_EMPTY = 1.5;

/** Returns the cost of commands compared with the plain check, the plain apply and the engine without resources. */
export function ratiosOf({ hosts, agents, first, runs }: CellResult): Ratio[] {
  const median = (command: Command) => summarize(runs[command]).median;
  const firstMedian = (name: keyof FirstRuns) => summarize(first[name]).median;
  const bare = median("bare script");
  const isSize = (size: number) => hosts === size && agents === 10;
  const targeted = (command: keyof typeof FULL, beside: string, value: number): Ratio => {
    return { name: `${command} / ${beside}`, value, ...(isSize(10) && { most: FULL[command] }) };
  };
  const times = (command: Command & keyof typeof FULL) =>
    targeted(command, "bare script", median(command) / bare);
  const newly = (command: "fleet drift" | "fleet ps" | "preview" | "up, nothing to do"): Ratio => {
    const name = `${command}, new connections` as const;
    return { name: `${name} / bare script`, value: median(name) / bare };
  };
  return [
    newly("fleet drift"),
    times("fleet drift"),
    newly("fleet ps"),
    times("fleet ps"),
    newly("preview"),
    times("preview"),
    newly("up, nothing to do"),
    times("up, nothing to do"),
    times("drift repaired"),
    targeted("first up", "bare apply", firstMedian("first up") / firstMedian("bare apply")),
    {
      name: "(preview - floor) / bare script",
      value: (median("preview") - median("preview, floor")) / bare,
    },
    {
      name: "preview - preview of an empty program",
      value: (median("preview") - median("preview, empty program")) / 1000,
      unit: "s",
      ...(isSize(1) && { most: BEYOND_EMPTY }),
    },
  ];
}

/** Renders the results for one size as Markdown tables, with times in seconds. */
export function tablesOf(result: CellResult): string {
  return [
    `### ${result.hosts} x ${result.agents}\n`,
    `The stack has ${result.resources} resources.`,
    "Muster's commands use connections that stay open, unless their name says otherwise; the bare script uses new ones.\n",
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
    const shown = [value.toFixed(2), most?.toFixed(1) ?? ""];
    return [name, ...shown.map((one) => (unit === undefined || one === "" ? one : `${one} ${unit}`))];
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
