import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { pauseFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";
import { isMaintenance } from "./maintenance-window.ts";
import type { WatchedUnit } from "./types.ts";

/** Says why an agent is to be left alone; empty where it is not. */
export type Pauses = (charge: WatchedUnit) => string;

/** The pauses of this moment: `pause` is for the whole host, `pause-NAME` for one agent. */
export function readPauses(host: Host, now = new Date()): Pauses {
  const files = new Set(namesIn(host.paths.hostd));
  return ({ agent, maintenance }) => {
    const held = [pauseFile(undefined, host.paths.hostd), pauseFile(agent, host.paths.hostd)];
    const pause = held.find((path) => files.has(basename(path)));
    if (pause !== undefined) return `paused by ${pause}`;
    return isMaintenance(maintenance, now) ? "in its maintenance window" : "";
  };
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
