import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import type { Verdict } from "../../model/message.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";
import type { TranscriptEnds } from "./transcript.ts";

/** The host's record of a message. The record is on the disk before anything is typed. */
export interface MessageRecord {
  readonly id: string;
  /** The digest of the text. The text itself is not kept. */
  readonly digest: string;
  readonly by: string;
  /** When the message was first sent (UTC, ISO 8601). */
  readonly time: string;
  /** When the text was last pasted (UTC, ISO 8601). */
  readonly attempted?: string;
  /** The last step that the last attempt has certainly completed. */
  readonly stage: "intended" | "pasted" | "entered";
  /** Where the transcripts ended before the first attempt. */
  readonly ends: TranscriptEnds;
  /** Absent until the first attempt has ended. */
  readonly verdict?: Verdict;
  readonly evidence?: string;
}

/** The number of messages of one agent that are kept. A message can be retried safely while it is kept. */
const MOST = 500;

/** Returns the record of a message; undefined if the record does not exist or cannot be read. */
export function readMessage(host: Host, agent: string, id: string): MessageRecord | undefined {
  try {
    return JSON.parse(readOwn(fileOf(host, agent, id))?.toString("utf8") ?? "") as MessageRecord;
  } catch {
    return undefined;
  }
}

/** Writes the record of a message to the disk. */
export function writeMessage(host: Host, agent: string, message: MessageRecord): void {
  writeOwn(fileOf(host, agent, message.id), `${JSON.stringify(message)}\n`);
  const folder = openSync(folderOf(host, agent), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Returns all records of the messages to an agent, the oldest first, and removes the oldest if there are too many. */
export function readMessages(host: Host, agent: string): MessageRecord[] {
  const ids = listFolder(folderOf(host, agent)).flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? []);
  const all = ids.flatMap((id) => readMessage(host, agent, id) ?? []);
  const sorted = all.sort((one, other) => one.time.localeCompare(other.time));
  for (const { id } of sorted.slice(0, -MOST)) rmSync(fileOf(host, agent, id), { force: true });
  return sorted.slice(-MOST);
}

function folderOf(host: Host, agent: string): string {
  return `${host.paths.hostd}/messages/${agent}`;
}

function fileOf(host: Host, agent: string, id: string): string {
  return `${folderOf(host, agent)}/${id}.json`;
}
