import { InvalidError } from "../../base/errors.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { observeHistory } from "../observe/history.ts";
import { observeLedgers } from "../observe/ledgers.ts";
import { renderHistory, renderHistoryJson } from "../render/history.ts";
import { reportCommand } from "../report-command.ts";
import { assertDeclared } from "../selection.ts";

/** The default number of events to show for each host. */
const LAST = 200;

export const command = reportCommand({
  usage: "history [name]",
  summary: "show what has happened to agents and services: exits, restarts, quarantines, and who did what",
  options: {
    "--host <name>": "only this host",
    "--stack <name>": "only what this stack manages; uses the stack's own login",
    "--drift": "show the drift that was found, and its repairs",
    "--last <number>": `the maximum number of events to show for each host (default: ${LAST})`,
  },
  schema: "history",
  async observe(fleet, selection, open, { args: [name], options }) {
    if (name !== undefined) assertDeclared("agent or service", name, { ...fleet.agents, ...fleet.services });
    const observe = options["drift"] === true ? observeLedgers : observeHistory;
    return observe(fleet, { ...selection, ...(name && { name }), last: lastOf(options["last"]) }, open);
  },
  render: renderHistory,
  renderJson: renderHistoryJson,
  codes: codesOfAgents,
});

function lastOf(option: string | boolean | undefined): number {
  if (option === undefined) return LAST;
  const last = Number(option);
  if (Number.isInteger(last) && last > 0) return last;
  throw new InvalidError({
    what: `--last ${JSON.stringify(option)}`,
    why: "it must be a whole number above 0.",
  });
}
