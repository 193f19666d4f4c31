import { readdirSync, rmdirSync, rmSync } from "node:fs";
import type { MoveMark } from "../../model/move.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/files.ts";
import { hasCode } from "../system/error-reason.ts";

/** How far the move of an agent came here; undefined where it is on no way. */
export function markOf(host: Host, agent: string): MoveMark | undefined {
  const text = readOwn(fileOf(host, agent))?.toString("utf8");
  return text === undefined ? undefined : (JSON.parse(text) as MoveMark);
}

/** Every agent that is on its way from or to this host. */
export function allMarks(host: Host): MoveMark[] {
  return agentsIn(folderOf(host)).flatMap((agent) => markOf(host, agent) ?? []);
}

/** To be called under the lock of the agent's home. */
export function writeMark(host: Host, mark: MoveMark): MoveMark {
  writeOwn(fileOf(host, mark.agent), `${JSON.stringify(mark)}\n`);
  return mark;
}

/** Forgets it; that there is none is a success. */
export function dropMark(host: Host, agent: string): void {
  rmSync(fileOf(host, agent), { force: true });
  try {
    rmdirSync(folderOf(host));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}

function folderOf(host: Host): string {
  return `${host.paths.state}/moves`;
}

function fileOf(host: Host, agent: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(agent)) throw new Error(`${JSON.stringify(agent)} is no agent's name`);
  return `${folderOf(host)}/${agent}.json`;
}

function agentsIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => /^([a-z][a-z0-9-]*)\.json$/.exec(name)?.[1] ?? []);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
