import {
  closeSync,
  existsSync,
  fchownSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import type { PublishedView } from "../units/deadman-view-file.ts";
import { readPause, unitsKeptStopped } from "../units/quarantine.ts";
import type { AgentSnapshot } from "./decision-step.ts";
import { attempt } from "./execute.ts";
import { metricsText } from "./metrics-text.ts";

/** Seconds between two versions of the metrics. Prometheus usually reads them every 15 seconds or less often. */
const EVERY = 15;

/** Writes the metrics of the host if they are due. @param now seconds of the monotonic clock */
export type MetricsPublisher = (
  now: number,
  view: PublishedView,
  snapshots: Readonly<Record<string, AgentSnapshot>>,
) => void;

/** Creates a publisher that writes the metrics only if prometheus-node-exporter is installed. */
export function metricsPublisher(host: Host): MetricsPublisher {
  let writtenAt = Number.NEGATIVE_INFINITY;
  return (now, view, snapshots) => {
    if (now - writtenAt < EVERY) return;
    writtenAt = now;
    if (!existsSync(host.paths.metrics)) return;
    attempt("cannot write the metrics", () => {
      const kept = [...unitsKeptStopped(host)];
      const paused = new Set(kept.filter((unit) => readPause(host, unit) !== undefined));
      const quarantined = new Set(kept.filter((unit) => !paused.has(unit)));
      writeMetrics(host, metricsText(view, snapshots, { quarantined, paused }, Date.now() / 1000));
    });
  };
}

/**
 * Replaces the metrics that prometheus-node-exporter reads. Does nothing if its folder does not exist, because
 * the exporter is not installed then. The folder belongs to the exporter's user, so a file or link that somebody has
 * put there is never opened. Only the exporter's group can read the file, because it names all agents.
 */
function writeMetrics({ paths: { metrics: folder } }: Host, text: string): void {
  const temporary = `${folder}/.muster.new`;
  try {
    const { gid } = statSync(folder);
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, "wx", 0o640);
    try {
      fchownSync(fd, process.getuid?.() ?? 0, gid);
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, `${folder}/muster.prom`);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
