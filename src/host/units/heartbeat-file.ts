import { lstatSync, type Stats } from "node:fs";
import { HEARTBEAT_STATES, type HeartbeatState } from "../../model/deadman.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Account } from "../accounts/read-accounts.ts";
import { type Entry, withPathItem } from "../fs/open-without-symlinks.ts";
import { readEntry, typeOf } from "../fs/read.ts";
import { hasCode, reasonOf } from "../system/error-reason.ts";

/** The result of reading an agent's last heartbeat. The reading is empty if there is no heartbeat. */
export interface Reading {
  /** Identifies the heartbeat: each heartbeat has a different mark. Absent if no heartbeat could be read. */
  readonly mark?: string;
  readonly state?: HeartbeatState;
  readonly task?: string;
  /**
   * The error in the heartbeat, if there is one. If `mark` is present, the heartbeat still shows that the agent is
   * alive.
   */
  readonly problem?: string;
  /** Why the heartbeat could not be read, if that is not the agent's fault. */
  readonly unknown?: string;
}

/** The maximum size of a heartbeat in bytes: it is one line. */
const CAP = 4096;

/**
 * Seconds by which a heartbeat's time is allowed to be in the future, because the agent's clock can differ.
 */
const AHEAD = 60;

/** A reading, and a stamp of its file's attributes. While the stamp is unchanged, nothing new can be read. */
export interface Stamped {
  readonly stamp: string;
  readonly reading: Reading;
}

/**
 * Reads an agent's heartbeat if the heartbeat file has changed. Root checks for changes without opening the file. The
 * file is then opened with the agent's own rights, and neither a FIFO nor a symlink can block this process.
 *
 * @param path a file in a folder that no agent can rename
 */
export function readHeartbeatFile(path: string, account: Account, last?: Stamped): Stamped {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return unstamped({});
    const stamp = stampOf(stats);
    if (stamp === last?.stamp) return last;
    const reading = asUser(account, () => withPathItem(path, (entry) => readingOf(entry, account)));
    return { stamp, reading };
  } catch (error) {
    const why = reasonOf(error);
    const isAgentsFault = hasCode(error, "EACCES", "ELOOP");
    return unstamped(isAgentsFault ? { problem: `it cannot be read: ${why}` } : { unknown: why });
  }
}

/** Returns a reading without a stamp, so that the next call always reads the heartbeat again. */
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
  return parseHeartbeat(bytes.toString("utf8"), `${stats.ino} ${stats.mtimeMs} ${stats.size}`);
}

/**
 * Parses an agent's heartbeat. The heartbeat's time is only checked for errors; its mark shows whether the
 * heartbeat is new.
 *
 * @param mark identifies this heartbeat
 */
export function parseHeartbeat(text: string, mark: string, now = new Date()): Reading {
  const heartbeat = parseObject(text);
  if (heartbeat === undefined) return { problem: "it is not a JSON object" };
  const { time, state, task } = heartbeat;
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at)) return { problem: "its time is invalid" };
  if (!isHeartbeatState(state)) return { problem: `its state is not one of ${HEARTBEAT_STATES.join(", ")}` };
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

function isHeartbeatState(state: unknown): state is HeartbeatState {
  return (HEARTBEAT_STATES as readonly unknown[]).includes(state);
}
