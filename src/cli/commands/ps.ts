import { setTimeout as sleep } from "node:timers/promises";
import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfAgents, observeAgents } from "../observe/agents.ts";
import { openFleet } from "../open-fleet.ts";
import { renderAgents, renderAgentsJson } from "../render/agents.ts";
import { selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

/** Seconds between two looks of --watch. */
const EVERY = 5;

/** Clears the terminal and goes to its upper left corner; ECMA-48 ED and CUP. */
const CLEAR = "\u001b[2J\u001b[H";

export const command: CommandDefinition = {
  usage: "ps",
  summary: "show every agent as it is on its host now",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only this tenant's agents",
    "--stack <name>": "only what this stack has, by its own way in; needs no passphrase",
    "--json": "print JSON (docs/schema/ps.schema.json)",
    "--watch [seconds]": `look again every so many seconds (${EVERY})`,
  },
  async run({ options, io }) {
    const fleet = openFleet();
    const stack = settingsOf(fleet, options["stack"]);
    const selection = selectionOf(fleet, options, stack.slice);
    const seconds = secondsOf(options["watch"]);
    const render = options["json"] === true ? renderAgentsJson : renderAgents;
    const look = async () => {
      const report = await withHosts(fleet, stack, (open) => observeAgents(fleet, selection, open));
      io.out(`${seconds > 0 && io.terminal ? CLEAR : ""}${render(report)}`);
      return codesOfAgents(report);
    };
    let codes = await look();
    while (seconds > 0 && !io.closed()) {
      await sleep(seconds * 1000);
      codes = await look();
    }
    return codes;
  },
};

/** @returns 0 where --watch is not given */
function secondsOf(watch: string | boolean | undefined): number {
  if (watch === undefined || typeof watch === "boolean") return watch ? EVERY : 0;
  const seconds = Number(watch);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new InvalidError({
    what: `--watch ${JSON.stringify(watch)}`,
    why: "it must be a number of seconds above 0.",
  });
}
