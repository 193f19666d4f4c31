import { visible } from "../../base/terminal-text.ts";
import { byPriority } from "../exit.ts";
import { codesOfAgents } from "../observe/agents.ts";
import type { JobRow, JobsReport } from "../observe/jobs.ts";
import { span } from "../observe/span.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson, stateText } from "./text.ts";

const COLUMNS = ["JOB", "OF", "HOST", "SCHEDULE", "STATE", "LAST", "RESULT", "NEXT"];

/**
 * Renders a table with one row per job, then sentences about hosts that did not answer and about jobs on
 * hold.
 */
export function renderJobs({ jobs, hosts }: JobsReport, now = new Date()): string {
  if (jobs.length === 0) return "fleet.yaml declares no jobs here.\n";
  const held = jobs.flatMap((row) => (row.held === undefined ? [] : [`${row.job} is held: ${row.held}.`]));
  const lines = [...silentHosts(hosts), ...held].map((line) => `${visible(line)}\n`);
  const rows = jobs.map((row) => rowOf(row, now));
  return [table([COLUMNS, ...rows]), ...(lines.length > 0 ? ["\n", ...lines] : [])].join("");
}

/** Renders the report as JSON, as described in docs/schema/jobs.schema.json. */
export function renderJobsJson({ jobs, hosts }: JobsReport): string {
  const codes = byPriority(codesOfAgents({ hosts }));
  return safeJson({ version: 1, exit: codes[0], codes, jobs, hosts });
}

function rowOf({ job, agent, host, schedule, state, last, result, next }: JobRow, now: Date): string[] {
  const since = last === undefined ? "-" : `${span((now.getTime() - Date.parse(last)) / 1000)} ago`;
  const until = next === undefined ? "-" : `in ${span((Date.parse(next) - now.getTime()) / 1000)}`;
  return [job, agent ?? "(host)", host, schedule.join("; "), stateText(state), since, result ?? "-", until];
}
