import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type AgentUptime, UPTIME_DAYS } from "../../model/agent-uptime.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";

/** The activity of an agent between two samples. */
export interface UptimeSample {
  readonly agent: string;
  readonly state: "down" | "idle" | "busy" | "paused";
}

/** The numbers of one agent in the file of a day: up, busy, paused and from; see AgentUptime. */
type Numbers = readonly [up: number, busy: number, paused: number, from: number];

const DATE = /^(\d{4}-\d\d-\d\d)\.json$/;

/**
 * Adds samples to the record of the current day. There is one file for each day, and only the files of the last
 * days are kept. For 50 agents, all files together need about 100 KB.
 *
 * @param seconds the time that each sample represents
 */
export function addSamples(
  host: Host,
  samples: readonly UptimeSample[],
  seconds: number,
  now = new Date(),
): void {
  const date = now.toISOString().slice(0, 10);
  const folder = folderOf(host);
  const file = `${folder}/${date}.json`;
  const known = readDay(host, date);
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const since = Math.max(0, Math.round((now.getTime() - midnight) / 1000 - seconds));
  const added = samples.map(({ agent, state }): [string, Numbers] => {
    const [up, busy, paused, from] = known[agent] ?? [0, 0, 0, since];
    const isUp = state === "idle" || state === "busy";
    return [
      agent,
      [
        up + (isUp ? seconds : 0),
        busy + (state === "busy" ? seconds : 0),
        paused + (state === "paused" ? seconds : 0),
        from,
      ],
    ];
  });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify({ ...known, ...Object.fromEntries(added) }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  const oldest = new Date(midnight - UPTIME_DAYS * 86_400_000).toISOString().slice(0, 10);
  for (const name of listFolder(folder)) {
    const day = DATE.exec(name)?.[1];
    if (day !== undefined && day < oldest) rmSync(`${folder}/${name}`, { force: true });
  }
}

/** Reads the records of all days, oldest first. A truncated file counts as empty. */
export function readUptimes(host: Host): AgentUptime[] {
  const dates = listFolder(folderOf(host)).flatMap((name) => DATE.exec(name)?.[1] ?? []);
  return dates.sort().flatMap((date) =>
    Object.entries(readDay(host, date)).map(([agent, [up, busy, paused, from]]) => ({
      ...{ agent, date, up, busy, paused, from },
    })),
  );
}

function readDay(host: Host, date: string): Readonly<Record<string, Numbers>> {
  try {
    const text = readOwn(`${folderOf(host)}/${date}.json`)?.toString("utf8") ?? "{}";
    const entries = Object.entries(JSON.parse(text) as Record<string, Numbers>);
    return Object.fromEntries(
      entries.filter(([, numbers]) => numbers.length === 4 && numbers.every(Number.isFinite)),
    );
  } catch {
    return {};
  }
}

function folderOf(host: Host): string {
  return `${host.paths.hostd}/uptime`;
}
