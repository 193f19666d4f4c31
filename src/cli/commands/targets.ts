import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { stackInUse } from "../../engine/index.ts";
import { type CommandDefinition, type CommandInput, textOption } from "../command.ts";
import { openFleet } from "../open-fleet.ts";
import { type TargetSelection, targetsOf } from "../pulumi-targets.ts";
import { safeJson } from "../render/text.ts";
import { assertDeclared } from "../selection.ts";

export const command: CommandDefinition = {
  usage: "targets",
  summary:
    "print options that limit a run to a host or an agent: `npx pulumi up $(npx fleet targets --host HOST)`",
  options: {
    "--host <name>": "everything on this host, including what will be removed from it",
    "--agent <name>": "this agent; its host and tenant must already exist",
    "--stack <name>": "use this stack instead of the selected one",
    "--json": "print JSON (docs/schema/targets.schema.json)",
  },
  async run({ options, io }) {
    const fleet = openFleet();
    const selection = selectionOf(fleet, options);
    const targets = targetsOf(fleet, selection, stackInUse(fleet.dir, textOption(options["stack"])));
    const text = targets.map((target) => `--target=${target}\n`).join("");
    io.out(options["json"] === true ? safeJson({ version: 1, exit: 0, codes: [0], targets }) : text);
    return [];
  },
};

function selectionOf(fleet: Fleet, options: CommandInput["options"]): TargetSelection {
  const [host, agent] = [textOption(options["host"]), textOption(options["agent"])];
  if (host !== undefined) assertDeclared("host", host, fleet.hosts);
  if (agent !== undefined) assertDeclared("agent", agent, fleet.agents);
  const home = agent === undefined ? undefined : fleet.agents[agent]?.host;
  if (host !== undefined && home !== undefined && host !== home) throw elsewhere(`${agent}`, home, host);
  return { ...(host !== undefined && { host }), ...(agent !== undefined && { agent }) };
}

function elsewhere(agent: string, home: string, host: string): InvalidError {
  const why = `fleet.yaml declares it on ${home}.`;
  return new InvalidError({
    what: `the agent ${agent} is not on ${host}`,
    why,
    next: "Use only one of `--host` and `--agent`.",
  });
}
