import type { WatchedAgent } from "../../model/deadman.ts";
import type { PublishedView } from "../units/deadman-view-file.ts";
import type { AgentSnapshot } from "./decision-step.ts";

/** One metric in the text format of Prometheus, with one value for each agent or service. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly values: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/**
 * Returns the metrics of a host in the text format of Prometheus. They contain names and numbers, but no text
 * that an agent has written.
 *
 * @param now seconds since 1970
 * @param kept the units that are in quarantine or paused, and which of them are paused
 */
export function metricsText(
  view: PublishedView,
  snapshots: Readonly<Record<string, AgentSnapshot>>,
  kept: { readonly quarantined: ReadonlySet<string>; readonly paused: ReadonlySet<string> },
  now: number,
): string {
  const agents = Object.entries(view.agents);
  const perAgent = (
    name: string,
    help: string,
    value: (agent: WatchedAgent, name: string) => number | boolean,
  ): Metric => ({
    name: `muster_agent_${name}`,
    help,
    values: agents.map(([agent, one]) => [{ agent }, Number(value(one, agent))]),
  });
  const metrics: Metric[] = [
    perAgent("up", "Whether the unit of the agent runs.", (_, name) => isUp(snapshots[name])),
    perAgent(
      "stale",
      "Whether the agent shows no sign of life.",
      ({ health }) => health === "stale" || health === "hung",
    ),
    perAgent("stuck", "Whether the agent itself reports that it is stuck.", ({ state }) => state === "stuck"),
    perAgent(
      "blocked",
      "Whether a dialog of the agent waits for a person.",
      ({ blocked }) => blocked !== undefined,
    ),
    perAgent("quarantined", "Whether the agent is in quarantine.", ({ unit }) => kept.quarantined.has(unit)),
    perAgent("paused", "Whether a person has paused the agent.", ({ unit }) => kept.paused.has(unit)),
    perAgent(
      "held",
      "Whether a hold or a maintenance window is in effect.",
      ({ held }) => held !== undefined,
    ),
    perAgent(
      "failed_over",
      "Whether the agent uses a provider other than its first one.",
      (_, name) => snapshots[name]?.override?.linked !== undefined,
    ),
    perAgent(
      "waiting",
      "Whether a restart or a pause waits until the agent is idle.",
      (_, name) => snapshots[name]?.deferred !== undefined || snapshots[name]?.pausing !== undefined,
    ),
    perAgent("recent_restarts", "The restarts that count towards quarantine.", ({ restarts }) => restarts),
    perAgent("silent_seconds", "Seconds since the last sign of life.", ({ age }) =>
      Math.max(0, Math.round(age)),
    ),
    {
      name: "muster_service_healthy",
      help: "Whether the health checks of the service succeed.",
      values: view.services.map(({ unit, health }) => [{ unit }, Number(health === "healthy")]),
    },
    {
      name: "muster_deadman_timestamp_seconds",
      help: "When the deadman has written these metrics.",
      values: [[{}, Math.round(now)]],
    },
  ];
  return metrics
    .filter(({ values }) => values.length > 0)
    .map(metricText)
    .join("");
}

function isUp(snapshot: AgentSnapshot | undefined): boolean {
  return snapshot?.unit.state === "up" && snapshot.unit.isStray !== true;
}

function metricText({ name, help, values }: Metric): string {
  const lines = values.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return [`# HELP ${name} ${help}\n`, `# TYPE ${name} gauge\n`, ...lines].join("");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`))}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
