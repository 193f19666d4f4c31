import { writeFileSync } from "node:fs";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import type { AgentUptime } from "../../model/agent-uptime.ts";
import { prometheusUptimes } from "../../model/prometheus-uptimes.ts";
import type { CommandDefinition, CommandInput } from "../command.ts";
import { withHosts } from "../connections.ts";
import { codesOfAgents } from "../observe/agents.ts";
import { openFleet } from "../open-fleet.ts";
import type { OpenHost } from "../query-host.ts";
import { renderReport, renderReportJson, renderReportMarkdown } from "../render/report.ts";
import { renderReportHtml } from "../render/report-html.ts";
import { prometheusAt } from "../report/ask-prometheus.ts";
import { takeSnapshot } from "../report/live-snapshot.ts";
import { PHASE_DAYS, type PhaseReport, phaseReport } from "../report/phase-report.ts";
import { readSnapshot } from "../report/read-snapshot.ts";
import { selectionOf } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

type Options = CommandInput["options"];

type Render = (report: PhaseReport, codes: readonly number[]) => string;

/** The forms of the report, by the option that selects them. */
const FORMS: Readonly<Record<string, Render>> = {
  json: renderReportJson,
  markdown: renderReportMarkdown,
  html: renderReportHtml,
};

export const command: CommandDefinition = {
  usage: "report",
  summary: "show uptime, capacity and whether the fleet is ready for the next phase",
  options: {
    "--snapshot <file>":
      "take the figures from this file instead of the hosts (docs/schema/report-snapshot.schema.json)",
    "--prometheus [url]":
      "take uptime and capacity from the Prometheus of `monitoring`, or from the Prometheus at this URL",
    "--tenant <name>": "only this tenant's agents",
    "--stack <name>": "only what this stack manages; uses the stack's own login; needs no passphrase",
    "--json": "print JSON (docs/schema/report.schema.json)",
    "--markdown": "print Markdown",
    "--html": "print one HTML file with plots per agent and day",
    "--output <file>": "write the report to this file",
  },
  async run({ options, io }) {
    const render = formOf(options);
    const { report, codes } = await makeReport(options);
    const text = render(report, codes);
    const { output } = options;
    if (typeof output === "string") write(output, text);
    else io.out(text);
    return codes;
  },
};

/** @throws InvalidError if several forms are selected */
function formOf(options: Options): Render {
  const chosen = Object.keys(FORMS).filter((form) => options[form] === true);
  if (chosen.length > 1)
    throw new InvalidError({
      what: `--${chosen.join(" --")}`,
      why: "the report has one form: use one of these options.",
    });
  return FORMS[chosen[0] ?? ""] ?? renderReport;
}

async function makeReport(options: Options): Promise<{ report: PhaseReport; codes: readonly number[] }> {
  const { snapshot, prometheus } = options;
  if (snapshot !== undefined && prometheus !== undefined)
    throw new InvalidError({
      what: "--snapshot --prometheus",
      why: "a snapshot already contains all figures: use one of these options.",
    });
  if (typeof snapshot === "string") return { report: phaseReport(readSnapshot(snapshot)), codes: [] };
  const fleet = openFleet();
  const stack = settingsOf(fleet, options["stack"]);
  const selection = selectionOf(fleet, options, stack.slice);
  const reader = readerOf(fleet, prometheus);
  const live = await withHosts(fleet, stack, (open) =>
    takeSnapshot(fleet, selection, open, reader && ((at) => reader(open, at))),
  );
  return { report: phaseReport(live.snapshot), codes: codesOfAgents(live.agents) };
}

type PrometheusReader = (open: OpenHost, at: string) => Promise<readonly AgentUptime[]>;

/** The first counted day of an agent is its first day with values. One day more shows whether this day was earlier. */
const DAYS = PHASE_DAYS + 1;

/**
 * Returns the function that reads the uptimes from Prometheus; undefined without `--prometheus`.
 *
 * @throws InvalidError if the URL is invalid, or if `monitoring` is not declared and there is no URL
 */
function readerOf(fleet: Fleet, prometheus: string | boolean | undefined): PrometheusReader | undefined {
  if (prometheus === undefined || prometheus === false) return undefined;
  if (typeof prometheus === "string") {
    const ask = prometheusAt(prometheus);
    return (_, at) => prometheusUptimes(ask, at, DAYS);
  }
  const host = fleet.monitoring?.host;
  if (host === undefined)
    throw new InvalidError({
      what: "--prometheus",
      why: "fleet.yaml does not declare `monitoring`.",
      next: "Declare it, or add the URL of a Prometheus.",
    });
  return async (open, at) => (await (await open(host)).uptimes({ op: "uptimes", at, days: DAYS })).uptimes;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidError({ what: `${file} was not written`, why, cause: error });
  }
}
