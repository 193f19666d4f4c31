import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import type { HistoryEvent } from "../../model/deadman.ts";
import type { HistoryAnswer, HistoryRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/files.ts";
import { hasCode } from "../system/error-reason.ts";

/** Bytes of the file that is written; the one before it is kept too. */
const MOST = 1024 * 1024;

/** Adds lines to the host's history. Each is one write, so that two writers' lines never mix. */
export function record(host: Host, events: readonly Omit<HistoryEvent, "time">[], now = new Date()): void {
  if (events.length === 0) return;
  const file = fileOf(host);
  mkdirSync(host.paths.hostd, { recursive: true, mode: 0o711 });
  if (sizeOf(file) > MOST) renameSync(file, `${file}.1`);
  const lines = events.map((event) => `${JSON.stringify({ time: now.toISOString(), ...event })}\n`);
  appendFileSync(file, lines.join(""), { mode: 0o600 });
}

/** Takes over what happened to an agent on another host; what is here already is not taken twice. */
export function append(host: Host, events: readonly HistoryEvent[]): void {
  const known = new Set(history(host, { op: "history", last: Infinity }).events.map((one) => lineOf(one)));
  for (const { time, ...event } of events.filter((one) => !known.has(lineOf(one)))) {
    record(host, [event], new Date(time));
  }
}

function lineOf({ time, event, agent, detail }: HistoryEvent): string {
  return JSON.stringify([time, event, agent, detail]);
}

/** What happened on this host, the oldest first. */
export function history(host: Host, { agent, last }: HistoryRequest): HistoryAnswer {
  const file = fileOf(host);
  const text = [`${file}.1`, file].map((path) => readOwn(path)?.toString("utf8") ?? "").join("");
  const events = text.split("\n").flatMap(parseLine);
  const ours =
    agent === undefined ? events : events.filter((event) => event.agent === agent || event.service === agent);
  return { events: ours.slice(-last) };
}

/** A line that a full disk cut short is left out. */
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
