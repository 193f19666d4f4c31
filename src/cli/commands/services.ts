import type { CommandDefinition } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { observeServices } from "../observe/services.ts";
import { openFleet } from "../open-fleet.ts";
import { renderServices, renderServicesJson } from "../render/services.ts";
import { selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

export const command: CommandDefinition = {
  usage: "services",
  summary: "show every service as it is on its host now, and whether it is healthy",
  options: {
    "--host <name>": "only this host",
    "--stack <name>": "by the way in of this stack; needs no passphrase",
    "--json": "print JSON (docs/schema/services.schema.json)",
  },
  async run({ options, io }) {
    const fleet = openFleet();
    const stack = settingsOf(fleet, options["stack"]);
    const selection = selectionOf(fleet, options, stack.slice);
    const report = await withHosts(fleet, stack, (open) => observeServices(fleet, selection, open));
    io.out(options["json"] === true ? renderServicesJson(report) : renderServices(report));
    return codesOfAgents(report);
  },
};
