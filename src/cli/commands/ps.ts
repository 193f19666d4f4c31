import { InvalidError } from "../../base/errors.ts";
import { codesOfAgents, observeAgents } from "../observe/agents.ts";
import { renderAgents, renderAgentsJson } from "../render/agents.ts";
import { reportCommand } from "../report-command.ts";

/** The default number of seconds between two reports with `--watch`. */
const EVERY = 5;

export const command = reportCommand({
  usage: "ps",
  summary: "show the current state of every agent on its host",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only this tenant's agents",
    "--stack <name>": "only what this stack manages, with its own login; needs no passphrase",
    "--watch [seconds]": `refresh the report at this interval (default: ${EVERY})`,
  },
  schema: "ps",
  observe: observeAgents,
  render: renderAgents,
  renderJson: renderAgentsJson,
  codes: codesOfAgents,
  repeatAfter: ({ watch }) => secondsOf(watch),
});

/**
 * Returns the number of seconds between two reports; 0 without `--watch`.
 *
 * @throws InvalidError for an invalid number
 */
function secondsOf(watch: string | boolean | undefined): number {
  if (watch === undefined || typeof watch === "boolean") return watch ? EVERY : 0;
  const seconds = Number(watch);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidError({
    what: `--watch ${JSON.stringify(watch)}`,
    why: "it must be a number of seconds above 0.",
  });
}
