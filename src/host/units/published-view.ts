import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import type { Watched, WatchedService } from "../../model/deadman.ts";
import { HOSTD_UNIT } from "../../model/host-paths.ts";
import { shown } from "../../model/shown.ts";
import type { Host } from "../context.ts";
import type { AgentMemory, Memory } from "../hostd/memory.ts";
import type { AgentSnapshot } from "../hostd/types.ts";
import { readOwn } from "../store/files.ts";

/** Seconds after which the deadman counts as silent. */
const SILENT = 15;

/** What the deadman shows to those who ask, in memory. */
interface View {
  /** Seconds of the monotonic clock when it was written. */
  readonly at: number;
  readonly agents: Readonly<Record<string, Watched>>;
  readonly services?: readonly WatchedService[];
}

/** Seconds of the clock that nobody sets. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000_000n) / 1000;
}

export function writeView(host: Host, memory: Memory, seen: Readonly<Record<string, AgentSnapshot>>): void {
  const entries = Object.entries(seen);
  const isService = ([, { policy }]: (typeof entries)[number]) => policy.service !== undefined;
  const agents = entries
    .filter((one) => !isService(one))
    .map(([name, one]) => [name, watchedOf(name, one, memory)]);
  const services = entries.filter(isService).map(([name, one]) => watchedService(one, memory.agents[name]));
  const view: View = { at: monotonic(), agents: Object.fromEntries(agents), services };
  const file = fileOf(host);
  mkdirSync(host.paths.hostdView, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(view), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** What the deadman sees now. */
export interface Sightings {
  /** By their names. */
  readonly agents: Readonly<Record<string, Watched>>;
  readonly services: readonly WatchedService[];
}

/** How the deadman sees its agents and services now; undefined where it is silent. */
export function readView(host: Host): Sightings | undefined {
  try {
    const view = JSON.parse(readOwn(fileOf(host))?.toString("utf8") ?? "") as View;
    const since = monotonic() - view.at;
    if (!(since >= 0 && since < SILENT)) return undefined;
    const aged = Object.entries(view.agents).map(([name, one]) => [name, { ...one, age: one.age + since }]);
    return { agents: Object.fromEntries(aged), services: view.services ?? [] };
  } catch {
    return undefined;
  }
}

/** Whether the deadman watches; undefined where none is installed. */
export function watchOf(host: Host, view = readView(host)): "watching" | "silent" | undefined {
  if (!existsSync(`${host.paths.units}/${HOSTD_UNIT}`)) return undefined;
  return view === undefined ? "silent" : "watching";
}

function watchedService({ policy, check, paused }: AgentSnapshot, memory?: AgentMemory): WatchedService {
  return {
    unit: policy.unit,
    health: memory?.checks?.verdict ?? "unknown",
    ...(check && { detail: shown(check.detail) }),
    restarts: memory?.restarts.length ?? 0,
    ...(paused && { paused }),
  };
}

function watchedOf(
  name: string,
  { policy, reading, paused }: AgentSnapshot,
  { clock, agents }: Memory,
): Watched {
  const { health = "well", alive = clock, restarts = [] } = agents[name] ?? {};
  const { state, task, problem } = reading;
  return {
    unit: policy.unit,
    by: policy.heartbeat.by,
    health,
    age: clock - alive,
    restarts: restarts.length,
    ...(state && { state }),
    ...(task && { task }),
    ...(problem && { problem }),
    ...(paused && { paused }),
  };
}

function fileOf(host: Host): string {
  return `${host.paths.hostdView}/view.json`;
}
