import type { WatchedAgent } from "../../model/deadman.ts";
import type { JobName } from "../../model/job.ts";
import type { PublishedView } from "../units/deadman-view-file.ts";
import type { AgentSnapshot } from "./decision-step.ts";

/** The facts that the metrics contain besides the deadman's observations. */
export interface MetricsFacts {
  /** The agents that are not idle. */
  readonly busy: ReadonlySet<string>;
  /** The units that are in quarantine. */
  readonly quarantined: ReadonlySet<string>;
  /** The units that a person has paused. */
  readonly paused: ReadonlySet<string>;
  /** The units that the deadman has paused because of a limit of an account or a budget. */
  readonly parked: ReadonlySet<string>;
  /** The tokens that agents have used today, by agent. */
  readonly tokensToday: ReadonlyMap<string, number>;
  /** The units of agents that do not start at boot. */
  readonly bootDisabled: ReadonlySet<string>;
  /** The shortest time in seconds in which a property was repaired three times, by agent. */
  readonly recurrence: ReadonlyMap<string, number>;
  /** The jobs that have failed since the last boot, and the time of each failure in seconds since 1970. */
  readonly failedJobs: readonly (JobName & { readonly at: number })[];
}

/** One metric in the text format of Prometheus, with one value for each agent or service. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly values: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/**
 * Returns the metrics of a host in the text format of Prometheus. The metrics contain names and numbers, but no text
 * that an agent has written.
 *
 * @param now seconds since 1970
 */
export function metricsText(
  view: PublishedView,
  snapshots: Readonly<Record<string, AgentSnapshot>>,
  facts: MetricsFacts,
  now: number,
): string {
  const { busy, quarantined, paused, parked, tokensToday, bootDisabled, recurrence, failedJobs } = facts;
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
      "busy",
      "Whether the agent runs and is not idle.",
      (_, name) => isUp(snapshots[name]) && busy.has(name),
    ),
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
    perAgent("login", "Whether the runtime of the agent asks for a login.", ({ login }) => login === true),
    perAgent("quarantined", "Whether the agent is in quarantine.", ({ unit }) => quarantined.has(unit)),
    perAgent("paused", "Whether a person has paused the agent.", ({ unit }) => paused.has(unit)),
    perAgent("parked", "Whether the account or the budget of the agent is used up.", ({ unit }) =>
      parked.has(unit),
    ),
    {
      name: "muster_agent_tokens_today",
      help: "The tokens of all kinds that the agent has used since midnight UTC.",
      values: [...tokensToday].map(([agent, tokens]) => [{ agent }, tokens]),
    },
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
    perAgent("boot_disabled", "Whether the unit of the agent does not start at boot.", ({ unit }) =>
      bootDisabled.has(unit),
    ),
    {
      name: "muster_agent_recurrence_seconds",
      help: "The shortest time in which `up` has repaired the same property of the agent three times.",
      values: [...recurrence].map(([agent, seconds]) => [{ agent }, Math.round(seconds)]),
    },
    {
      name: "muster_job_failed_timestamp_seconds",
      help: "When the last attempt of the job has last failed.",
      values: failedJobs.map(({ job, agent, at }) => [
        { ...(agent !== undefined && { agent }), job_name: job },
        at,
      ]),
    },
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
