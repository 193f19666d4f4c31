import { readdirSync } from "node:fs";
import type { Host } from "../context.ts";
import { hasCode } from "../reason.ts";
import type { Charge } from "./turn.ts";
import { isMaintenance } from "./windows.ts";

/** Says why an agent is to be left alone; empty where it is not. */
export type Pauses = (charge: Charge) => string;

/** The pauses of this moment: `pause` is for the whole host, `pause-NAME` for one agent. */
export function readPauses(host: Host, now = new Date()): Pauses {
  const files = new Set(namesIn(host.paths.hostd));
  return ({ agent, maintenance }) => {
    if (files.has("pause")) return `paused by ${host.paths.hostd}/pause`;
    if (files.has(`pause-${agent}`)) return `paused by ${host.paths.hostd}/pause-${agent}`;
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
