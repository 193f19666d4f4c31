import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { observeHistory } from "../observe/history.ts";
import { openFleet } from "../open-fleet.ts";
import { renderHistory, renderHistoryJson } from "../render/history.ts";
import { assertDeclared, selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

/** Events of a host at most. */
const LAST = 200;

export const command: CommandDefinition = {
  usage: "history [name]",
  summary: "show what happened to agents and services: ends, restarts, quarantines, and who did what",
  options: {
    "--host <name>": "only this host",
    "--stack <name>": "only what this stack has, by its own way in",
    "--last <number>": `at most so many events of a host (${LAST})`,
    "--json": "print JSON (docs/schema/history.schema.json)",
  },
  async run({ options, args, io }) {
    const fleet = openFleet();
    const [name] = args;
    const declared = { ...fleet.agents, ...fleet.services };
    if (name !== undefined) assertDeclared("agent or service", name, declared);
    const stack = settingsOf(fleet, options["stack"]);
    const selection = selectionOf(fleet, options, stack.slice);
    const last = lastOf(options["last"]);
    const report = await withHosts(fleet, stack, (open) =>
      observeHistory(fleet, { ...selection, ...(name && { name }), last }, open),
    );
    io.out(options["json"] === true ? renderHistoryJson(report) : renderHistory(report));
    return codesOfAgents(report);
  },
};

function lastOf(option: string | boolean | undefined): number {
  if (option === undefined) return LAST;
  const last = Number(option);
  if (Number.isInteger(last) && last > 0) return last;
  throw new InvalidError({ what: `--last ${JSON.stringify(option)}`, why: "it must be a number above 0." });
}
