import { USAGE_DAYS, type Usage } from "../../model/usage.ts";
import type { Host } from "../context.ts";
import { readOwn, writeOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";
import { type Evidence, NEW_STATE, type UsageState } from "./agent-usage-state.ts";
import type { NewUsage } from "./collect-usage.ts";

/** The numbers of one model on one day: input, output, cacheRead, cacheWrite, requests, cost and uncosted; see Usage. */
type Numbers = readonly [number, number, number, number, number, number, number];

type Days = Readonly<Record<string, Readonly<Record<string, Numbers>>>>;

/** The file of one agent. One file has both, so that a killed run counts nothing twice. */
interface UsageFile {
  readonly state: UsageState;
  /** The usage by day and model. */
  readonly days: Days;
}

/** What the deadman needs of an agent's usage, in a small file. */
export interface UsageSummary {
  readonly evidence: Evidence;
  /** The usage of the current month. */
  readonly month: readonly Usage[];
}

/** The number of models of one agent and day. The usage of further models is counted together. */
const MOST_MODELS = 20;
const OTHER_MODELS = "other models";

export function readUsageFile(host: Host, agent: string): UsageFile {
  try {
    const { state, days } = JSON.parse(
      readOwn(fileOf(host, agent))?.toString("utf8") ?? "",
    ) as Partial<UsageFile>;
    const isValid = typeof state?.files === "object" && typeof days === "object";
    return isValid ? { state: { ...NEW_STATE, ...state }, days } : { state: NEW_STATE, days: {} };
  } catch {
    return { state: NEW_STATE, days: {} };
  }
}

/** Saves the usage of an agent and its summary. */
export function writeUsageFile(
  host: Host,
  agent: string,
  file: UsageFile,
  evidence: Evidence,
  now: Date,
): void {
  writeOwn(fileOf(host, agent), JSON.stringify(file));
  const month = now.toISOString().slice(0, 7);
  const summary: UsageSummary = {
    evidence,
    month: usageIn(agent, file.days).filter(({ date }) => date.startsWith(month)),
  };
  writeOwn(summaryOf(host, agent), JSON.stringify(summary));
}

/** Reads what is known about an agent without its complete usage; undefined if nothing is known. */
export function readUsageSummary(host: Host, agent: string): UsageSummary | undefined {
  try {
    const summary = JSON.parse(readOwn(summaryOf(host, agent))?.toString("utf8") ?? "") as UsageSummary;
    return typeof summary.evidence === "object" && Array.isArray(summary.month) ? summary : undefined;
  } catch {
    return undefined;
  }
}

/** Adds usage to the days on which it was used, and forgets old days. */
export function addUsage(days: Days, usage: readonly NewUsage[], now: Date): Days {
  const oldest = new Date(now.getTime() - USAGE_DAYS * 86_400_000).toISOString().slice(0, 10);
  const all: Record<string, Record<string, Numbers>> = {};
  for (const [date, models] of Object.entries(days)) if (date >= oldest) all[date] = { ...models };
  for (const { at, model, input, output, cacheRead, cacheWrite, requests, cost, uncosted } of usage) {
    const date = new Date(at).toISOString().slice(0, 10);
    if (date < oldest) continue;
    const day = all[date] ?? {};
    const name = model in day || Object.keys(day).length < MOST_MODELS ? model : OTHER_MODELS;
    const known = day[name] ?? [0, 0, 0, 0, 0, 0, 0];
    const added = [input, output, cacheRead, cacheWrite, requests, cost, uncosted];
    day[name] = known.map((value, i) => value + (added[i] ?? 0)) as unknown as Numbers;
    all[date] = day;
  }
  return all;
}

/** Reads the usage of all agents that this host has had. @param from the first day */
export function readUsage(host: Host, from: string): Usage[] {
  const names = listFolder(folderOf(host)).flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []);
  return names
    .flatMap((agent) => usageIn(agent, readUsageFile(host, agent).days))
    .filter(({ date }) => date >= from);
}

/** Counts nothing of an agent that has just arrived: its earlier usage was counted on its former host. */
export function countFromNow(host: Host, agent: string, now: Date): void {
  const { state, days } = readUsageFile(host, agent);
  writeUsageFile(host, agent, { state: { ...state, horizon: now.getTime() }, days }, {}, now);
}

function usageIn(agent: string, days: Days): Usage[] {
  return Object.entries(days).flatMap(([date, models]) =>
    Object.entries(models).map(([model, numbers]): Usage => {
      const [input, output, cacheRead, cacheWrite, requests, cost, uncosted] = numbers;
      return { agent, date, model, input, output, cacheRead, cacheWrite, requests, cost, uncosted };
    }),
  );
}

function folderOf({ paths }: Host): string {
  return `${paths.hostd}/usage`;
}

function fileOf(host: Host, agent: string): string {
  return `${folderOf(host)}/${agent}.json`;
}

function summaryOf(host: Host, agent: string): string {
  return `${folderOf(host)}/summary/${agent}.json`;
}
