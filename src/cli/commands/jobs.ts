import { codesOfAgents } from "../observe/agents.ts";
import { observeJobs } from "../observe/jobs.ts";
import { renderJobs, renderJobsJson } from "../render/jobs.ts";
import { reportCommand } from "../report-command.ts";

export const command = reportCommand({
  usage: "jobs",
  summary: "show every job: its last run with the result, and its next run",
  options: {
    "--host <name>": "only this host",
    "--tenant <name>": "only the jobs of this tenant's agents",
    "--stack <name>": "only what this stack manages; uses the stack's own login; needs no passphrase",
  },
  schema: "jobs",
  observe: observeJobs,
  render: renderJobs,
  renderJson: renderJobsJson,
  codes: codesOfAgents,
});
