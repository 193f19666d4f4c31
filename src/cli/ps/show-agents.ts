import type { Fleet } from "../../config/fleet.ts";
import type { Io } from "../command.ts";
import {
  type AgentsAnswer,
  type AgentsReport,
  agentsReport,
  observeAgentsOn,
  selectedAgents,
} from "../observe/agents.ts";
import type { OpenHost } from "../query-host.ts";
import { layoutOf, renderRemarks, type Screen } from "../render/agents.ts";
import type { Selection } from "../selection.ts";

/** A run of `fleet ps`: what it observes, and where it shows the result. */
export interface PsRun {
  readonly fleet: Fleet;
  readonly selection: Selection;
  readonly open: OpenHost;
  readonly io: Io;
  readonly screen: Screen;
  /** Renders a report as JSON. If absent, a table is shown. */
  readonly toJson?: (report: AgentsReport) => string;
}

/**
 * The number of milliseconds after which the rows of the hosts that have answered are printed, even if other hosts have
 * not answered yet. ssh can need much longer before it reports that a host is unreachable.
 */
export const SOON = 1000;

/**
 * Observes the agents once, and prints one row for each agent. The rows of hosts that answer late are printed below the
 * other rows as soon as a host answers, with the same columns.
 */
export async function showAgents(run: PsRun, soon = SOON): Promise<AgentsReport> {
  const { fleet, selection, open, io, screen, toJson } = run;
  const groups = [...selectedAgents(fleet, selection)];
  const answered = new Map<string, AgentsAnswer>();
  const observations = groups.map(async ([host, agents]) => {
    answered.set(host, await observeAgentsOn(fleet, host, agents, open));
  });
  const all = Promise.all(observations);
  const printed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const early = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, toJson === undefined ? soon : 2 ** 30);
  });
  await Promise.race([all, early]);
  clearTimeout(timer);
  // The rows of the first answer determine the widths of the columns.
  if (observations.length > 0) await Promise.race(observations);
  const known = groups.map(([host, agents]) => answered.get(host) ?? pendingAnswer(host, agents));
  const layout = layoutOf(agentsReport(fleet, known).agents, screen);
  const print = () => {
    const report = reportFor(fleet, groups, answered);
    const fresh = report.agents.filter(({ host }) => answered.has(host) && !printed.has(host));
    io.out(fresh.map((row) => layout.line(row, screen.isColoured)).join(""));
    for (const host of answered.keys()) printed.add(host);
    return report;
  };
  if (toJson === undefined) {
    io.out(layout.header);
    print();
    for (const one of observations) void one.then(print, () => {});
  }
  await all;
  if (toJson !== undefined) {
    const report = reportFor(fleet, groups, answered);
    io.out(toJson(report));
    return report;
  }
  const report = print();
  io.out(renderRemarks(report));
  return report;
}

type Groups = readonly (readonly [string, AgentsAnswer["things"]])[];

/** Returns the report about all hosts that have answered, in the order of fleet.yaml. */
export function reportFor(
  fleet: Fleet,
  groups: Groups,
  answers: ReadonlyMap<string, AgentsAnswer>,
): AgentsReport {
  return agentsReport(
    fleet,
    groups.map(([host, agents]) => answers.get(host) ?? pendingAnswer(host, agents)),
  );
}

/** Returns a placeholder for the answer of a host that has not answered yet. */
function pendingAnswer(host: string, agents: AgentsAnswer["things"]): AgentsAnswer {
  return { host: { host, state: "away", reason: "it has not answered yet." }, things: agents };
}
