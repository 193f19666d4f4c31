import { lstatSync, type Stats } from "node:fs";
import { BEAT_STATES, type BeatState } from "../../model/deadman.ts";
import { shown } from "../../model/shown.ts";
import type { Account } from "../accounts/accounts.ts";
import { asUser } from "../accounts/as-user.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { type Entry, withPathItem } from "../fs/walk.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";

/** What was read of an agent's heartbeat. */
export interface Reading {
  /** Differs from that of the previous heartbeat; left out if there is no heartbeat. */
  readonly mark?: string;
  readonly state?: BeatState;
  readonly task?: string;
  /** What is wrong with it. With a mark it still counts as a sign of life. */
  readonly problem?: string;
  /** Why nothing could be read, through no fault of the agent. */
  readonly unknown?: string;
}

/** Bytes. A heartbeat is a line. */
const CAP = 4096;

/** Seconds that clocks may differ by. */
const AHEAD = 60;

/** A reading and the attributes of its file: while those are the same there is nothing new to read. */
export interface Stamped {
  readonly stamp: string;
  readonly reading: Reading;
}

/**
 * Reads an agent's heartbeat if its file has changed. The file is opened with the agent's own rights, and neither a FIFO
 * nor a symlink can hold this process up. Whether it has changed is checked with root's rights, without opening it.
 *
 * @param path a file in a folder whose own name no agent can change
 */
export function readBeatFile(path: string, account: Account, last?: Stamped): Stamped {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return unstamped({});
    const stamp = stampOf(stats);
    if (stamp === last?.stamp) return last;
    const reading = asUser(account, () => withPathItem(path, (entry) => readingOf(entry, account)));
    return { stamp, reading };
  } catch (error) {
    const why = reasonOf(error);
    const isItsOwn = hasCode(error, "EACCES", "ELOOP");
    return unstamped(isItsOwn ? { problem: `it cannot be read: ${why}` } : { unknown: why });
  }
}

/** A reading that is repeated each time. */
export function unstamped(reading: Reading): Stamped {
  return { stamp: "", reading };
}

function stampOf({ ino, mtimeMs, ctimeMs, size, uid }: Stats): string {
  return [ino, mtimeMs, ctimeMs, size, uid].join(" ");
}

function readingOf(entry: Entry | undefined, account: Account): Reading {
  if (entry === undefined) return {};
  const { stats } = entry;
  const type = typeOf(stats);
  if (type !== "file") return { problem: `it is a ${type}` };
  if (stats.uid !== account.uid) return { problem: "it belongs to another user" };
  const bytes = readEntry(entry, CAP);
  if (bytes === undefined) return { problem: `it has more than ${CAP} bytes` };
  return parseBeat(bytes.toString("utf8"), `${stats.ino} ${stats.mtimeMs} ${stats.size}`);
}

/**
 * Parses what an agent reports. Its own time is only checked for errors: a heartbeat is new if its mark is.
 *
 * @param mark what distinguishes this heartbeat from others
 */
export function parseBeat(text: string, mark: string, now = new Date()): Reading {
  const beat = parseObject(text);
  if (beat === undefined) return { problem: "it is no JSON object" };
  const { time, state, task } = beat;
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at)) return { problem: "its time is no time" };
  if (!isBeatState(state)) return { problem: `its state is none of ${BEAT_STATES.join(", ")}` };
  const ahead = (at - now.getTime()) / 1000;
  return {
    mark,
    state,
    ...(typeof task === "string" && task !== "" && { task: shown(task) }),
    ...(ahead > AHEAD && { problem: "its time is in the future" }),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isBeatState(state: unknown): state is BeatState {
  return (BEAT_STATES as readonly unknown[]).includes(state);
}
