import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition } from "../command.ts";
import { EXIT } from "../exit.ts";
import { isAgentSelected } from "../observe/agents.ts";
import { openFleet } from "../open-fleet.ts";
import { renderSpof, renderSpofJson, type SpofReport } from "../render/spof.ts";
import { selectionOf } from "../selection.ts";
import { failurePoints } from "../spof/failure-points.ts";

export const command: CommandDefinition = {
  usage: "spof",
  summary: "show how many agents stop when a credential, account, provider, region, host or network fails",
  options: {
    "--tenant <name>": "only this tenant's agents",
    "--max <agents>": "exit with 5 if one failure stops more agents than this",
    "--json": "print JSON (docs/schema/spof.schema.json)",
  },
  async run({ options, io }) {
    const most = limitIn(options["max"]);
    const fleet = openFleet();
    const selection = selectionOf(fleet, options);
    const agents = Object.values(fleet.agents).filter((agent) => isAgentSelected(agent, selection));
    const points = failurePoints(fleet, agents);
    const isOver = most !== undefined && points.some((point) => point.agents.length > most);
    const codes = isOver ? [EXIT.policy] : [];
    const report: SpofReport = { points, total: agents.length, codes, ...(most !== undefined && { most }) };
    io.out(options["json"] === true ? renderSpofJson(report) : renderSpof(report, io.columns));
    return codes;
  },
};

/** @throws InvalidError if the limit is not a whole number */
function limitIn(max: string | boolean | undefined): number | undefined {
  if (typeof max !== "string") return undefined;
  if (/^\d{1,6}$/.test(max)) return Number(max);
  throw new InvalidError({
    what: `--max ${JSON.stringify(max)}`,
    why: "it must be a whole number of agents.",
  });
}
