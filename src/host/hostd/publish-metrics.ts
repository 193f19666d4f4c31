import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Pause } from "../../model/deadman.ts";
import { recurrenceSpan } from "../../model/recurrence.ts";
import { agentOf } from "../../model/resource-id.ts";
import { allTokens, type Usage } from "../../model/usage.ts";
import { readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readFailedJobs } from "../jobs/failed-jobs.ts";
import { readRepeatedRepairs, resourcesWithLedger, versionOfLedgers } from "../store/ledgers.ts";
import { hasCode } from "../system/error-reason.ts";
import type { PublishedView } from "../units/deadman-view-file.ts";
import { readPause, unitsKeptStopped } from "../units/quarantine.ts";
import { isIdle } from "../units/read-heartbeat.ts";
import { readStartLinks } from "../units/start-links.ts";
import type { AgentSnapshot } from "./decision-step.ts";
import { attempt } from "./execute.ts";
import { type MetricsFacts, metricsText } from "./metrics-text.ts";

/** Seconds between two versions of the metrics. Prometheus usually reads them every 15 seconds or less often. */
const EVERY = 15;

/** Writes the metrics of the host if they are due. @param now seconds of the monotonic clock */
export type MetricsPublisher = (
  now: number,
  view: PublishedView,
  snapshots: Readonly<Record<string, AgentSnapshot>>,
  usage?: readonly Usage[],
) => void;

/** Creates a publisher that writes the metrics only if prometheus-node-exporter is installed. */
export function metricsPublisher(host: Host): MetricsPublisher {
  let writtenAt = Number.NEGATIVE_INFINITY;
  const recurrence = recurrenceReader(host);
  return (now, view, snapshots, usage = []) => {
    if (now - writtenAt < EVERY) return;
    writtenAt = now;
    if (!existsSync(host.paths.metrics)) return;
    attempt("cannot write the metrics", () => {
      const facts = {
        ...{ busy: busyAgents(snapshots), recurrence: recurrence() },
        ...{ ...keptStopped(host), ...bootDisabled(host, view) },
      };
      const text = metricsText(
        view,
        snapshots,
        { ...facts, failedJobs: readFailedJobs(host), tokensToday: tokensToday(usage) },
        Date.now() / 1000,
      );
      writeMetrics(host, text);
    });
  };
}

function busyAgents(snapshots: Readonly<Record<string, AgentSnapshot>>): ReadonlySet<string> {
  const agents = Object.values(snapshots).filter(({ policy }) => policy.service === undefined);
  const busy = agents.filter(({ reading, pid = 0 }) => !isIdle(reading, pid));
  return new Set(busy.map(({ policy }) => policy.agent));
}

/** Returns the tokens of all kinds that each agent has used today. */
function tokensToday(usage: readonly Usage[]): MetricsFacts["tokensToday"] {
  const today = new Date().toISOString().slice(0, 10);
  const sums = new Map<string, number>();
  for (const one of usage.filter(({ date }) => date === today))
    sums.set(one.agent, (sums.get(one.agent) ?? 0) + allTokens(one));
  return sums;
}

function keptStopped(host: Host): Pick<MetricsFacts, "paused" | "parked" | "quarantined"> {
  const kept = [...unitsKeptStopped(host)];
  const pauses = new Map(kept.map((unit) => [unit, readPause(host, unit)]));
  const select = (wanted: (pause: Pause | undefined) => boolean) =>
    new Set(kept.filter((unit) => wanted(pauses.get(unit))));
  return {
    paused: select((pause) => pause !== undefined && pause.park === undefined),
    parked: select((pause) => pause?.park !== undefined),
    quarantined: select((pause) => pause === undefined),
  };
}

/**
 * Finds the agents' units that no link starts at boot. A link in /run does not count, because it disappears at boot.
 */
function bootDisabled(host: Host, { agents }: PublishedView): Pick<MetricsFacts, "bootDisabled"> {
  const linksOf = readStartLinks(host);
  const isDisabled = (unit: string) =>
    !Object.keys(linksOf(unit)).some((path) => path.startsWith(`${host.paths.units}/`));
  const units = Object.values(agents).map(({ unit }) => unit);
  return { bootDisabled: new Set(units.filter(isDisabled)) };
}

/** Returns a function that reads the ledgers of agents again only if a ledger has changed. */
function recurrenceReader(host: Host): () => MetricsFacts["recurrence"] {
  let version = -1;
  let known: MetricsFacts["recurrence"] = new Map();
  return () => {
    const current = versionOfLedgers(host);
    if (current !== version) known = recurrenceOf(host);
    version = current;
    return known;
  };
}

function recurrenceOf(host: Host): MetricsFacts["recurrence"] {
  const spans = resourcesWithLedger(host).flatMap((id): [string, number][] => {
    const agent = agentOf(id);
    const span = Math.min(...readRepeatedRepairs(host, [id]).map(recurrenceSpan));
    return agent === undefined || !Number.isFinite(span) ? [] : [[agent, span]];
  });
  return new Map(spans);
}

/** The group as which Debian's prometheus-node-exporter runs. */
const EXPORTER_GROUP = "prometheus";

/**
 * Replaces the metrics that prometheus-node-exporter reads. Does nothing if the exporter's folder does not exist,
 * because the exporter is then not installed. The folder can belong to the exporter's user, so a file or link that
 * somebody has put there is never opened. Only the exporter's group can read the file, because the file names all
 * agents. In Debian 12, the folder belongs to root, so the file needs the group of the exporter and not the group of
 * the folder.
 */
function writeMetrics({ paths: { metrics: folder, etc } }: Host, text: string): void {
  const temporary = `${folder}/.muster.new`;
  try {
    const gid = readAccounts(etc).groups.get(EXPORTER_GROUP) ?? statSync(folder).gid;
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, "wx", 0o640);
    try {
      fchownSync(fd, process.getuid?.() ?? 0, gid);
      // The deadman's umask would hide the file from the group.
      fchmodSync(fd, 0o640);
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, `${folder}/muster.prom`);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
