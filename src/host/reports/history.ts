import { appendFileSync, closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from "node:fs";
import type { HistoryEvent } from "../../model/deadman.ts";
import type { HistoryAnswer, HistoryRequest } from "../../model/protocol.ts";
import { subjectOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import { hasCode } from "../system/error-reason.ts";
import { readUptimes } from "../units/uptime-record.ts";

/** The size in bytes after which a new history file is started. The previous file is kept and also read. */
const MOST = 1024 * 1024;

/** Appends events to the host's history in one write, so that the lines of two writers never mix. */
export function record(host: Host, events: readonly Omit<HistoryEvent, "time">[], now = new Date()): void {
  if (events.length === 0) return;
  const file = fileOf(host);
  mkdirSync(host.paths.hostd, { recursive: true, mode: 0o711 });
  if (sizeOf(file) > MOST) renameSync(file, `${file}.1`);
  const lines = events.map((event) => `${JSON.stringify({ time: now.toISOString(), ...event })}\n`);
  appendFileSync(file, `${isTorn(file) ? "\n" : ""}${lines.join("")}`, { mode: 0o600 });
}

/** Whether a killed run or a full disk has truncated the last line of a history file. */
function isTorn(file: string): boolean {
  const size = sizeOf(file);
  if (size === 0) return false;
  const fd = openSync(file, "r");
  try {
    const last = Buffer.alloc(1);
    readSync(fd, last, 0, 1, size - 1);
    return last.toString() !== "\n";
  } finally {
    closeSync(fd);
  }
}

/**
 * Records the path of a copy of an entry that Muster has overwritten or removed.
 *
 * @param id the resource that declares or declared the path
 */
export function recordKept(host: Host, id: string, path: string, kept: string): void {
  const { kind, name } = subjectOf(id);
  const subject = kind === "agent" ? { agent: name } : kind === "service" ? { service: name } : {};
  record(host, [{ event: "kept", ...subject, detail: `the former content of ${path} is in ${kept}` }]);
}

/** Appends an agent's events from another host, except events that are already in the history. */
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
export function history(host: Host, { agent, last, uptimes }: HistoryRequest): HistoryAnswer {
  const file = fileOf(host);
  const text = [`${file}.1`, file].map((path) => readOwn(path)?.toString("utf8") ?? "").join("");
  const events = text.split("\n").flatMap(parseLine);
  const selected =
    agent === undefined ? events : events.filter((event) => event.agent === agent || event.service === agent);
  const answer = { events: selected.slice(-last) };
  if (uptimes !== true) return answer;
  return {
    ...answer,
    uptimes: readUptimes(host).filter((one) => agent === undefined || one.agent === agent),
  };
}

/** Parses one line. Returns nothing for a line that a full disk has truncated. */
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
