import { existsSync } from "node:fs";
import type { ProbableWriter, WritingProcess } from "../../model/ledger.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";

/** What the recorder has seen of the declared files. */
export interface RecordedWriters {
  /** The time since which events are recorded (UTC, ISO 8601). */
  readonly since: string;
  /** The last events of each path, oldest first. */
  readonly events: Readonly<Record<string, readonly WriteEvent[]>>;
  /** The last time at which events were lost (UTC, ISO 8601); absent if none were lost. */
  readonly lost?: string;
  /** The reason why nothing is recorded; absent while events are recorded. */
  readonly error?: string;
}

export interface WriteEvent extends WritingProcess {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Milliseconds between the time of a file and the time of the event of the same write. */
const SLACK = 2000;

const OFF =
  "The kernel keeps no record of the writer; to record writers, set `recurrence.recordWriters: true` (docs/day-two.md).";

export function writeRecordedWriters(host: Host, recorded: RecordedWriters): void {
  writeOwn(fileOf(host), `${JSON.stringify(recorded)}\n`);
}

export function readRecordedWriters(host: Host): RecordedWriters | undefined {
  try {
    const text = readOwn(fileOf(host))?.toString("utf8");
    return text === undefined ? undefined : (JSON.parse(text) as RecordedWriters);
  } catch {
    return undefined;
  }
}

/**
 * Returns the process that wrote a file at a time, or the reason why it is not known.
 *
 * @param time the time of the file's last change, in milliseconds since the epoch
 */
export function recordedWriter(
  host: Host,
  path: string,
  time: number,
): Pick<ProbableWriter, "by" | "unrecorded"> {
  const recorded = readRecordedWriters(host);
  if (recorded === undefined) return { unrecorded: OFF };
  const { since, events, lost, error } = recorded;
  const event = events[path]?.findLast(({ at }) => Math.abs(at - time) <= SLACK);
  if (event !== undefined) {
    const { at: _, ...by } = event;
    return { by };
  }
  // systemd removes this folder when the recorder stops.
  if (!existsSync(recorderFolder(host)))
    return { unrecorded: "The writer was not recorded, because muster-writers.service does not run." };
  if (error !== undefined) return { unrecorded: `The writer was not recorded: ${error}.` };
  if (time < Date.parse(since))
    return { unrecorded: `The writer was not recorded, because recording began at ${since}.` };
  const isLost = lost !== undefined && Math.abs(Date.parse(lost) - time) < 60_000;
  const why = isLost
    ? "so much was written at that time that events were dropped"
    : "the kernel has reported no write of this file at that time, for example because only its mode was changed";
  return { unrecorded: `The writer was not recorded, because ${why}.` };
}

/** Returns the folder in memory that exists while the recorder runs. */
export function recorderFolder({ paths }: Host): string {
  return `${paths.scratch}/muster-writers`;
}

function fileOf({ paths }: Host): string {
  return `${paths.state}/writers.json`;
}
