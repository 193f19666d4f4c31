import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import type { WatchedAgent, WatchedService } from "../../model/deadman.ts";
import { HOSTD_UNIT } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";

/** Seconds without a new view before the deadman counts as silent. */
const SILENT = 15;

/** The content of the file in which the deadman publishes its observations. */
interface ViewFile {
  /** When the file was written, in seconds of the monotonic clock. */
  readonly at: number;
  readonly agents: Readonly<Record<string, WatchedAgent>>;
  readonly services?: readonly WatchedService[];
}

/** Returns the time of the monotonic clock in seconds. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000_000n) / 1000;
}

/** The state of agents and services at the deadman's last observation. */
export interface PublishedView {
  /** The agents, by name. */
  readonly agents: Readonly<Record<string, WatchedAgent>>;
  readonly services: readonly WatchedService[];
}

/** Replaces the published view by a rename. */
export function writeView(host: Host, { agents, services }: PublishedView): void {
  const view: ViewFile = { at: monotonic(), agents, services };
  const file = fileOf(host);
  mkdirSync(host.paths.hostdView, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(view), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Reads the view that the deadman has published; undefined if the deadman is silent. */
export function readView(host: Host): PublishedView | undefined {
  try {
    const view = JSON.parse(readOwn(fileOf(host))?.toString("utf8") ?? "") as ViewFile;
    const since = monotonic() - view.at;
    if (!(since >= 0 && since < SILENT)) return undefined;
    const aged = Object.entries(view.agents).map(([name, one]) => [name, { ...one, age: one.age + since }]);
    return { agents: Object.fromEntries(aged), services: view.services ?? [] };
  } catch {
    return undefined;
  }
}

/** Returns whether the deadman runs; undefined if the deadman is not installed. */
export function deadmanState(host: Host, view = readView(host)): "watching" | "silent" | undefined {
  if (!existsSync(`${host.paths.units}/${HOSTD_UNIT}`)) return undefined;
  return view === undefined ? "silent" : "watching";
}

function fileOf(host: Host): string {
  return `${host.paths.hostdView}/view.json`;
}
