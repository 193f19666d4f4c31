import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "../config/fleet.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";
import { withHosts } from "./connections.ts";
import { openFleet } from "./open-fleet.ts";
import type { OpenHost } from "./query-host.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** Clears the terminal and moves the cursor to the upper left corner (ED and CUP of ECMA-48). */
const CLEAR = "\u001b[2J\u001b[H";

/** A command that queries hosts and prints a report. */
interface ReportDefinition<Report> extends Pick<CommandDefinition, "usage" | "summary" | "options"> {
  /** The name of the report's schema in docs/schema. */
  readonly schema: string;
  /** @throws InvalidError for invalid arguments, before it contacts a host */
  observe(fleet: Fleet, selection: Selection, open: OpenHost, given: CommandInput): Promise<Report>;
  readonly render: (report: Report) => string;
  readonly renderJson: (report: Report) => string;
  /** Returns all exit codes that apply to the report. */
  codes(report: Report): readonly number[];
  /**
   * Returns the seconds after which the report is repeated; 0 for never.
   *
   * @throws InvalidError for an invalid number
   */
  repeatAfter?(options: CommandInput["options"]): number;
}

/**
 * Turns a report's definition into a command. Adds `--json`, and handles `--host`, `--tenant` and `--stack`.
 */
export function reportCommand<Report>(definition: ReportDefinition<Report>): CommandDefinition {
  const { usage, summary, options, schema } = definition;
  return {
    usage,
    summary,
    options: { ...options, "--json": `print JSON (docs/schema/${schema}.schema.json)` },
    run: (given) => runReport(definition, given),
  };
}

async function runReport<Report>(
  definition: ReportDefinition<Report>,
  given: CommandInput,
): Promise<readonly number[]> {
  const { options, io } = given;
  const fleet = openFleet();
  const stack = settingsOf(fleet, options["stack"]);
  const selection = selectionOf(fleet, options, stack.slice);
  const seconds = definition.repeatAfter?.(options) ?? 0;
  const render = options["json"] === true ? definition.renderJson : definition.render;
  const show = async () => {
    const report = await withHosts(fleet, stack, (open) => definition.observe(fleet, selection, open, given));
    io.out(`${seconds > 0 && io.terminal ? CLEAR : ""}${render(report)}`);
    return definition.codes(report);
  };
  let codes = await show();
  while (seconds > 0 && !io.closed()) {
    await sleep(seconds * 1000);
    codes = await show();
  }
  return codes;
}
