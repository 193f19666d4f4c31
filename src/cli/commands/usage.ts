import { InvalidError } from "../../base/errors.ts";
import { USAGE_DAYS } from "../../model/usage.ts";
import { codesOfUsage, observeUsage } from "../observe/usage.ts";
import { renderUsage, renderUsageJson } from "../render/usage.ts";
import { reportCommand } from "../report-command.ts";

/** The default number of days. */
const DAYS = 7;

export const command = reportCommand({
  usage: "usage",
  summary: "show the tokens and the cost of agents per day, and how much of each budget is used",
  options: {
    "--days <number>": `the number of days, with today as the last (default: ${DAYS})`,
    "--host <name>": "only this host",
    "--tenant <name>": "only this tenant's agents",
    "--stack <name>": "only what this stack manages; uses the stack's own login; needs no passphrase",
  },
  schema: "usage",
  observe: async (fleet, selection, open, { options }) =>
    observeUsage(fleet, selection, open, daysOf(options["days"])),
  render: renderUsage,
  renderJson: renderUsageJson,
  codes: codesOfUsage,
});

function daysOf(option: string | boolean | undefined): number {
  if (option === undefined) return DAYS;
  const days = Number(option);
  if (Number.isInteger(days) && days > 0 && days <= USAGE_DAYS) return days;
  throw new InvalidError({
    what: `--days ${JSON.stringify(option)}`,
    why: `it must be a whole number from 1 to ${USAGE_DAYS}.`,
  });
}
