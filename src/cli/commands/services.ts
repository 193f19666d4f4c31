import { codesOfAgents } from "../observe/agents.ts";
import { observeServices } from "../observe/services.ts";
import { renderServices, renderServicesJson } from "../render/services.ts";
import { reportCommand } from "../report-command.ts";

export const command = reportCommand({
  usage: "services",
  summary: "show the current state and health of every service on its host",
  options: {
    "--host <name>": "only this host",
    "--stack <name>": "use the login of this stack; needs no passphrase",
  },
  schema: "services",
  observe: observeServices,
  render: renderServices,
  renderJson: renderServicesJson,
  codes: codesOfAgents,
});
