import type { Fleet } from "../config/fleet.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";
import { withHosts } from "./connections.ts";
import { openFleet } from "./open-fleet.ts";
import type { OpenHost } from "./query-host.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** A command that queries hosts and prints a report. */
interface ReportDefinition<Report> extends Pick<CommandDefinition, "usage" | "summary" | "options"> {
  /** The name of the report's schema in docs/schema. */
  readonly schema: string;
  /** @throws InvalidError for invalid arguments, before any host is contacted */
  observe(fleet: Fleet, selection: Selection, open: OpenHost, given: CommandInput): Promise<Report>;
  readonly render: (report: Report) => string;
  readonly renderJson: (report: Report) => string;
  /** Returns all exit codes that apply to the report. */
  codes(report: Report): readonly number[];
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
  const report = await withHosts(fleet, stack, (open) => definition.observe(fleet, selection, open, given));
  io.out((options["json"] === true ? definition.renderJson : definition.render)(report));
  return definition.codes(report);
}
