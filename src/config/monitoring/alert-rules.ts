import { HEALTHY, type Healthy } from "../../model/machine-health.ts";
import type { AlertName, MonitoringSpec } from "../fleet/monitoring.ts";
import type { Fleet } from "../fleet.ts";
import { SCRAPE_JOB } from "./scrape-config.ts";

/** One alert of Prometheus: the expression that detects the fault, and the sentence that people get. */
interface AlertRule {
  readonly alert: string;
  readonly severity: "critical" | "warning";
  readonly expr: string;
  readonly summary: string;
}

/**
 * The time for which an alert continues after its fault has ended. Alertmanager sends no message about an alert that
 * ends before its first message is due. This time is therefore longer than all delays of Alertmanager.
 */
const KEEP_FIRING = "10m";

/** The file systems that are not disks, or that cannot be written. */
const NO_DISK = 'fstype!~"(tmpfs|ramfs|devtmpfs|overlay|squashfs|iso9660|nsfs|fuse.*)"';

/** Returns the rules of a fleet in the format of Prometheus's rule files. */
export function alertRules(fleet: Fleet, { after }: MonitoringSpec): object {
  const rules = Object.entries(rulesOf(fleet)).flatMap(([name, each]) =>
    each.map((rule) => ruleOf(rule, after[name as AlertName])),
  );
  return { groups: [{ name: "muster", rules }] };
}

function ruleOf({ alert, severity, expr, summary }: AlertRule, seconds: number): object {
  return {
    ...{ alert, expr, for: `${seconds}s`, keep_firing_for: KEEP_FIRING },
    ...{ labels: { severity }, annotations: { summary } },
  };
}

function rulesOf(fleet: Fleet): Readonly<Record<AlertName, readonly AlertRule[]>> {
  const intermittent = Object.values(fleet.hosts).filter(
    ({ availability }) => availability === "intermittent",
  );
  const notAlwaysOn = Object.values(fleet.agents).filter(
    ({ lifecycle, takeOver }) => lifecycle.kind === "ephemeral" || takeOver === "later",
  );
  const host = except("host", intermittent);
  const core = except("agent", notAlwaysOn);
  return {
    hostSilent: [
      {
        ...{
          alert: "HostSilent",
          severity: "critical",
          expr: `up{${[`job="${SCRAPE_JOB}"`, ...host].join()}} == 0`,
        },
        summary: "The host {{ $labels.host }} is silent: Prometheus cannot reach it.",
      },
    ],
    deadmanSilent: [
      {
        ...{ alert: "DeadmanSilent", severity: "critical" },
        expr:
          `time() - muster_deadman_timestamp_seconds > 120 or ` +
          `up{job="${SCRAPE_JOB}"} == 1 unless on (host) muster_deadman_timestamp_seconds`,
        summary:
          "The deadman of the host {{ $labels.host }} is silent: it repairs nothing and writes no metrics.",
      },
    ],
    dead: [
      {
        ...{
          alert: "AgentDead",
          severity: "critical",
          expr: unlessStopped(`muster_agent_up${inBraces(core)} == 0`),
        },
        summary: aboutAgent("is dead: its program does not run"),
      },
    ],
    stale: [
      {
        ...{ alert: "AgentStale", severity: "critical", expr: unlessStopped("muster_agent_stale == 1") },
        summary: aboutAgent("is stale: it shows no sign of life"),
      },
    ],
    stuck: [
      {
        ...{ alert: "AgentStuck", severity: "warning", expr: unlessStopped("muster_agent_stuck == 1") },
        summary: aboutAgent("reports that it is stuck"),
      },
    ],
    blocked: [
      {
        ...{ alert: "AgentBlocked", severity: "warning" },
        // AgentLogin reports a dialog that is a login.
        expr: unlessStopped("muster_agent_blocked == 1 unless on (host, agent) muster_agent_login == 1"),
        summary: aboutAgent("is blocked: a person must answer a dialog"),
      },
    ],
    quarantined: [
      {
        ...{ alert: "AgentQuarantined", severity: "critical", expr: "muster_agent_quarantined == 1" },
        summary: aboutAgent("is in quarantine: it stays stopped until a person releases it"),
      },
    ],
    bootDisabled: [
      {
        ...{ alert: "AgentBootDisabled", severity: "warning" },
        expr: `muster_agent_boot_disabled${inBraces(core)} == 1`,
        summary: aboutAgent("does not start at boot: its unit is not enabled"),
      },
    ],
    login: [
      {
        ...{ alert: "AgentLogin", severity: "warning", expr: unlessStopped("muster_agent_login == 1") },
        summary: aboutAgent("waits for a login: its runtime cannot work until a person has logged in"),
      },
    ],
    parked: [
      {
        ...{ alert: "AgentParked", severity: "warning", expr: "muster_agent_parked == 1" },
        summary: aboutAgent("is parked: its account or its budget is used up"),
      },
    ],
    failedOver: [
      {
        ...{ alert: "AgentFailedOver", severity: "warning", expr: "muster_agent_failed_over == 1" },
        summary: aboutAgent("has used another provider than its first one for a long time"),
      },
    ],
    recurring: [
      {
        ...{ alert: "AgentRecurringDrift", severity: "warning" },
        expr: `muster_agent_recurrence_seconds <= ${fleet.recurrence.within}`,
        summary: aboutAgent("has a recurring finding: the same repair was needed again and again"),
      },
    ],
    jobFailed: [
      {
        ...{
          alert: "JobFailed",
          severity: "warning",
          expr: "time() - muster_job_failed_timestamp_seconds < 3600",
        },
        summary: "The job {{ $labels.job_name }} on the host {{ $labels.host }} has failed.",
      },
    ],
    unhealthy: [
      {
        ...{ alert: "ServiceUnhealthy", severity: "critical", expr: "muster_service_healthy == 0" },
        summary: "The service {{ $labels.unit }} on the host {{ $labels.host }} is unhealthy.",
      },
    ],
    disk: perLimit(fleet, "disk").map(({ only, limit }) => ({
      ...{ alert: "DiskFull", severity: "warning" },
      expr:
        `100 - 100 * min by (host, mountpoint) (node_filesystem_avail_bytes{${[NO_DISK, only].join()}} ` +
        `/ (node_filesystem_size_bytes{${[NO_DISK, only].join()}} > 0)) > ${limit}`,
      summary: `The file system {{ $labels.mountpoint }} of the host {{ $labels.host }} is more than ${limit} % full.`,
    })),
    memory: perLimit(fleet, "memory").map(({ only, limit }) => ({
      ...{ alert: "MemoryFull", severity: "warning" },
      expr: `100 - 100 * node_memory_MemAvailable_bytes{${only}} / node_memory_MemTotal_bytes{${only}} > ${limit}`,
      summary: `The host {{ $labels.host }} uses more than ${limit} % of its memory.`,
    })),
  };
}

function aboutAgent(what: string): string {
  return `The agent {{ $labels.agent }} on the host {{ $labels.host }} ${what}.`;
}

/**
 * Excludes the agents that a person has stopped or holds. Also excludes quarantined and parked agents, because
 * quarantines and parks have their own alerts.
 */
function unlessStopped(expr: string): string {
  const states = ["paused", "quarantined", "parked", "held"].map((state) => `muster_agent_${state} == 1`);
  return `${expr} unless on (host, agent) (${states.join(" or ")})`;
}

/** Returns the selector that excludes the entries by name; an empty list if there are no entries. */
function except(label: string, entries: readonly { readonly name: string }[]): string[] {
  return entries.length === 0 ? [] : [`${label}!~"${namesOf(entries)}"`];
}

function inBraces(selectors: readonly string[]): string {
  return selectors.length === 0 ? "" : `{${selectors.join()}}`;
}

/**
 * Returns the different limits that hosts have for `fleet hosts`, each with the selector of the hosts that have this
 * limit.
 */
function perLimit({ hosts }: Fleet, what: keyof Healthy): { only: string; limit: number }[] {
  const byLimit = Map.groupBy(Object.values(hosts), ({ healthy }) => healthy?.[what] ?? HEALTHY[what]);
  return [...byLimit].map(([limit, of]) => ({ only: `host=~"${namesOf(of)}"`, limit }));
}

/** Returns a regular expression for names. Names contain no character with a meaning in regular expressions. */
function namesOf(entries: readonly { readonly name: string }[]): string {
  return entries.map(({ name }) => name).join("|");
}
