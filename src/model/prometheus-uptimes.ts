import { MusterError } from "../base/errors.ts";
import { visible } from "../base/terminal-text.ts";
import type { AgentUptime } from "./agent-uptime.ts";

/** Sends a GET request to a Prometheus. The path starts with `api/`. @returns the body of the response */
export type AskPrometheus = (path: string) => Promise<string>;

const DAY_SECONDS = 86_400;

/** The distance in seconds between two points of time at which Prometheus evaluates the facts. */
const STEP = 60;

/** The number of days that are queried at the same time. Each day needs up to three queries at the same time. */
const PARALLEL = 4;

/** The maximum number of characters of Prometheus's own error message that are shown. */
const MOST_OF_MESSAGE = 200;

/**
 * If the deadman had not written its metrics for this number of seconds when Prometheus read them, their values do not
 * count.
 */
const SILENT = 120;

/**
 * The queries for the minutes of one day in which a fact was true. `measured`: Prometheus itself ran. `known`: there
 * are values of the agent. While an agent moves, two hosts can publish its metrics.
 */
const QUERIES = {
  measured: (range: string) => `count_over_time((max(up) or max(muster_agent_up))${range})`,
  known: (range: string) => `count_over_time((max by (agent) (muster_agent_up))${range})`,
  up: sumOf("muster_agent_up"),
  busy: sumOf("muster_agent_busy"),
  paused: sumOf("muster_agent_paused"),
} as const;

function sumOf(metric: string): (range: string) => string {
  const written = "muster_deadman_timestamp_seconds";
  const isOld = `timestamp(${written}) - ${written} > ${SILENT}`;
  return (range) =>
    `sum_over_time((max by (agent) (${metric} unless on (instance, job) (${isOld})))${range})`;
}

/** The number of minutes in which a fact was true, by agent. A fact without an agent has the key `""`. */
type Minutes = ReadonlyMap<string, number>;

/** The part of a day that has passed, in seconds since 1970. */
interface Span {
  readonly date: string;
  readonly start: number;
  readonly end: number;
}

interface MeasuredDay {
  readonly date: string;
  /** The number of minutes of the day that have passed. */
  readonly passed: number;
  readonly measured: number;
  readonly known: Minutes;
  readonly up: Minutes;
  readonly busy: Minutes;
  readonly paused: Minutes;
}

/**
 * Reads the uptimes of all agents from a Prometheus that observes the hosts of the fleet.
 *
 * @param at the current time (UTC, ISO 8601)
 * @param days the number of days, including the current day
 * @throws MusterError if Prometheus does not answer the queries
 */
export async function prometheusUptimes(
  ask: AskPrometheus,
  at: string,
  days: number,
): Promise<AgentUptime[]> {
  const spans = spansUntil(at, days);
  const measured: MeasuredDay[] = [];
  for (let i = 0; i < spans.length; i += PARALLEL)
    measured.push(...(await Promise.all(spans.slice(i, i + PARALLEL).map((span) => measuredDay(ask, span)))));
  return uptimesFrom(measured);
}

function spansUntil(at: string, days: number): Span[] {
  const now = Math.floor(Date.parse(at) / 1000);
  const today = now - (now % DAY_SECONDS);
  return Array.from({ length: days }, (_, i) => {
    const start = today - (days - 1 - i) * DAY_SECONDS;
    const end = Math.min(now, start + DAY_SECONDS - 1);
    return { date: new Date(start * 1000).toISOString().slice(0, 10), start, end };
  });
}

async function measuredDay(ask: AskPrometheus, span: Span): Promise<MeasuredDay> {
  const count = (query: keyof typeof QUERIES) => countMinutes(ask, QUERIES[query], span);
  const passed = Math.floor((span.end - span.start) / STEP) + 1;
  const measured = (await count("measured")).get("") ?? 0;
  const known = measured === 0 ? new Map<string, number>() : await count("known");
  const none: Minutes = new Map();
  const [up = none, busy = none, paused = none] =
    known.size === 0 ? [] : await Promise.all([count("up"), count("busy"), count("paused")]);
  return { date: span.date, passed, measured, known, up, busy, paused };
}

async function countMinutes(
  ask: AskPrometheus,
  query: (range: string) => string,
  { start, end }: Span,
): Promise<Minutes> {
  // A range of 0 seconds is invalid. It would occur in the first second of a day.
  const range = `[${Math.max(1, end - start)}s:${STEP}s]`;
  const search = new URLSearchParams({ query: query(range), time: `${end}` });
  return minutesIn(await ask(`api/v1/query?${search}`));
}

/** Reads Prometheus's answer to an instant query. @throws MusterError if the answer is an error, or not from Prometheus */
function minutesIn(body: string): Minutes {
  const { status, data, error } = parsed(body);
  if (status !== "success" || !Array.isArray(data?.result))
    throw new MusterError({
      what: "Prometheus did not answer the query",
      why:
        typeof error === "string"
          ? visible(error.slice(0, MOST_OF_MESSAGE))
          : `its answer begins with ${JSON.stringify(visible(body.slice(0, 60)))}, which is not an answer of Prometheus.`,
    });
  return new Map(
    data.result.flatMap((row: unknown): [string, number][] => {
      const { metric, value } = (row ?? {}) as { metric?: { agent?: unknown }; value?: unknown[] };
      const number = Number(value?.[1]);
      return Number.isFinite(number) ? [[String(metric?.agent ?? ""), number]] : [];
    }),
  );
}

interface Body {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly data?: { readonly result?: unknown };
}

function parsed(body: string): Body {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/**
 * Returns the uptimes of each agent from the first day with values of this agent. On this day, only the time with
 * values counts. On later days, the time in which Prometheus ran counts, even if it has no values of the agent, because
 * the agent's host was off then.
 */
function uptimesFrom(days: readonly MeasuredDay[]): AgentUptime[] {
  const agents = new Set(days.flatMap(({ known }) => [...known.keys()]));
  return [...agents].flatMap((agent) => {
    const first = days.findIndex(({ known }) => known.has(agent));
    return days.slice(first).map(({ date, passed, measured, known, up, busy, paused }, i) => {
      const counted = i === 0 ? (known.get(agent) ?? 0) : measured;
      const seconds = (minutes: Minutes) => (minutes.get(agent) ?? 0) * STEP;
      return {
        ...{ agent, date, up: seconds(up), busy: seconds(busy), paused: seconds(paused), from: 0 },
        unknown: Math.max(0, passed - counted) * STEP,
      };
    });
  });
}
