import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition, CommandInput } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfPs } from "../observe/agents.ts";
import { openFleet } from "../open-fleet.ts";
import { showAgents } from "../ps/show-agents.ts";
import { watchAgents } from "../ps/watch-agents.ts";
import { PLAIN, renderAgentsJson, type Screen } from "../render/agents.ts";
import { selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

/** The default number of seconds between two reports with `--watch`. */
const EVERY = 5;

export const command: CommandDefinition = {
  usage: "ps",
  summary: "show the current state of every agent on its host, and what is wrong with it",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only this tenant's agents",
    "--stack <name>": "only what this stack manages; uses the stack's own login; needs no passphrase",
    "--watch [seconds]": `refresh the report at this interval (default: ${EVERY})`,
    "--json": "print JSON (docs/schema/ps.schema.json)",
  },
  async run({ options, io }: CommandInput): Promise<readonly number[]> {
    const fleet = openFleet();
    const stack = settingsOf(fleet, options["stack"]);
    const selection = selectionOf(fleet, options, stack.slice);
    const seconds = secondsOf(options["watch"]);
    const screen: Screen = { columns: io.columns ?? PLAIN.columns, isColoured: io.isColoured === true };
    const toJson = options["json"] === true ? renderAgentsJson : undefined;
    const report = await withHosts(fleet, stack, (open, reset) =>
      seconds > 0
        ? watchAgents({ fleet, selection, open, reset, io, screen, seconds, ...(toJson && { toJson }) })
        : showAgents({ fleet, selection, open, io, screen, ...(toJson && { toJson }) }),
    );
    return codesOfPs(report);
  },
};

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
