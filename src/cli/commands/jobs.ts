import { codesOfAgents } from "../observe/agents.ts";
import { observeJobs } from "../observe/jobs.ts";
import { renderJobs, renderJobsJson } from "../render/jobs.ts";
import { reportCommand } from "../report-command.ts";

export const command = reportCommand({
  usage: "jobs",
  summary: "show every job: when it ran last, how that ended, when it runs next",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only the jobs of this tenant's agents",
    "--stack <name>": "only what this stack has, with its own login; needs no passphrase",
  },
  schema: "jobs",
  observe: observeJobs,
  render: renderJobs,
  renderJson: renderJobsJson,
  codes: codesOfAgents,
});
