import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "../config/fleet.ts";
import type { CommandDefinition, Given } from "./command.ts";
import { withHosts } from "./connections.ts";
import { openFleet } from "./open-fleet.ts";
import type { OpenHost } from "./query-host.ts";
import { type Selection, selectionOf } from "./selection.ts";
import { settingsOf } from "./stack/settings.ts";

/** Clears the terminal and goes to its upper left corner; ECMA-48 ED and CUP. */
const CLEAR = "\u001b[2J\u001b[H";

/** A command that asks hosts and prints what they answered. */
interface ReportDefinition<Report> extends Pick<CommandDefinition, "usage" | "summary" | "options"> {
  /** The name of its schema in docs/schema. */
  readonly schema: string;
  /** @throws InvalidError for arguments that are not valid, before it opens a host */
  observe(fleet: Fleet, selection: Selection, open: OpenHost, given: Given): Promise<Report>;
  readonly render: (report: Report) => string;
  readonly renderJson: (report: Report) => string;
  /** Every exit code that holds for the report. */
  codes(report: Report): readonly number[];
  /** Seconds until the report is made again; 0, and left out: never. @throws InvalidError */
  repeatAfter?(options: Given["options"]): number;
}

/** The command, with `--json`, and with `--host`, `--tenant` and `--stack` where its options have them. */
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
  given: Given,
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
