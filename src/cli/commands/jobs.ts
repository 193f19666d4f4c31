import type { CommandDefinition } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { observeJobs } from "../observe/jobs.ts";
import { openFleet } from "../open-fleet.ts";
import { renderJobs, renderJobsJson } from "../render/jobs.ts";
import { selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

export const command: CommandDefinition = {
  usage: "jobs",
  summary: "show every job: when it ran last, how that ended, when it runs next",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only the jobs of this tenant's agents",
    "--stack <name>": "only what this stack has, by its own way in; needs no passphrase",
    "--json": "print JSON (docs/schema/jobs.schema.json)",
  },
  async run({ options, io }) {
    const fleet = openFleet();
    const stack = settingsOf(fleet, options["stack"]);
    const selection = selectionOf(fleet, options, stack.slice);
    const report = await withHosts(fleet, stack, (open) => observeJobs(fleet, selection, open));
    io.out(options["json"] === true ? renderJobsJson(report) : renderJobs(report));
    return codesOfAgents(report);
  },
};
