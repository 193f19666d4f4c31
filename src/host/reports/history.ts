import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import type { HistoryEvent } from "../../model/deadman.ts";
import type { HistoryAnswer, HistoryRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import { hasCode } from "../system/error-reason.ts";

/** The size in bytes after which a new history file is started. The previous file is kept and also read. */
const MOST = 1024 * 1024;

/** Appends events to the host's history in one write, so that the lines of two writers never mix. */
export function record(host: Host, events: readonly Omit<HistoryEvent, "time">[], now = new Date()): void {
  if (events.length === 0) return;
  const file = fileOf(host);
  mkdirSync(host.paths.hostd, { recursive: true, mode: 0o711 });
  if (sizeOf(file) > MOST) renameSync(file, `${file}.1`);
  const lines = events.map((event) => `${JSON.stringify({ time: now.toISOString(), ...event })}\n`);
  appendFileSync(file, lines.join(""), { mode: 0o600 });
}

/** Appends events that an agent brings from another host, except those that are already in the history. */
export function append(host: Host, events: readonly HistoryEvent[]): void {
  const known = new Set(history(host, { op: "history", last: Infinity }).events.map((one) => lineOf(one)));
  for (const { time, ...event } of events.filter((one) => !known.has(lineOf(one)))) {
    record(host, [event], new Date(time));
  }
}

function lineOf({ time, event, agent, detail }: HistoryEvent): string {
  return JSON.stringify([time, event, agent, detail]);
}

/** Returns the last events in this host's history, oldest first. */
export function history(host: Host, { agent, last }: HistoryRequest): HistoryAnswer {
  const file = fileOf(host);
  const text = [`${file}.1`, file].map((path) => readOwn(path)?.toString("utf8") ?? "").join("");
  const events = text.split("\n").flatMap(parseLine);
  const selected =
    agent === undefined ? events : events.filter((event) => event.agent === agent || event.service === agent);
  return { events: selected.slice(-last) };
}

/** Parses one line. A line that a full disk has truncated is left out. */
function parseLine(line: string): HistoryEvent[] {
  try {
    const event = JSON.parse(line) as HistoryEvent;
    return typeof event.time === "string" && typeof event.event === "string" ? [event] : [];
  } catch {
    return [];
  }
}

function fileOf(host: Host): string {
  return `${host.paths.hostd}/history.jsonl`;
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}
