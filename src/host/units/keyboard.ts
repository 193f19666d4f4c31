import { rmSync } from "node:fs";
import { startMark } from "../../base/proc-stat.ts";
import type { KeyboardHolder } from "../../model/pane.ts";
import { shown } from "../../model/shorten-for-display.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";

/** The contents of the file that exists while a session holds an agent's keyboard. */
interface HeldKeyboard extends KeyboardHolder {
  /**
   * The process of the session, and its start time, which distinguishes this process from a later process with the same
   * PID.
   */
  readonly pid: number;
  readonly start: string;
}

/**
 * Returns the person who currently types at an agent's terminal; undefined if nobody types there. A session that was
 * killed holds no keyboard.
 */
export function readKeyboardHolder(host: Host, agent: string): KeyboardHolder | undefined {
  const held = readHeld(host, agent);
  if (held === undefined || startMark(held.pid) !== held.start) return undefined;
  const { by, from, since } = held;
  return { by: shown(by), ...(from !== undefined && { from: shown(from) }), since };
}

/** Records that this session holds an agent's keyboard. */
export function writeKeyboardHolder(host: Host, agent: string, holder: KeyboardHolder): void {
  const held: HeldKeyboard = { ...holder, pid: process.pid, start: startMark(process.pid) ?? "" };
  writeOwn(fileOf(host, agent), `${JSON.stringify(held)}\n`);
}

export function removeKeyboardHolder(host: Host, agent: string): void {
  rmSync(fileOf(host, agent), { force: true });
}

function readHeld(host: Host, agent: string): HeldKeyboard | undefined {
  try {
    return JSON.parse(readOwn(fileOf(host, agent))?.toString("utf8") ?? "") as HeldKeyboard;
  } catch {
    return undefined;
  }
}

/** Returns the path of the file. The file is in memory, so no keyboard is held after a reboot. */
function fileOf(host: Host, agent: string): string {
  return `${host.paths.scratch}/muster.keyboards/${agent}.json`;
}
