import { createHash } from "node:crypto";
import type { Refusal } from "../../model/limits.ts";
import type { FileState, Response } from "./found.ts";
import type { Position } from "./read-lines.ts";

/** The numbers of a response or a session that were counted: input, output, cacheRead, cacheWrite, requests and cost. */
export type Counted = readonly [number, number, number, number, number, number];

/** The saved state of the usage of one agent. */
export interface UsageState {
  /** The position in each file, by path. */
  readonly files: Readonly<Record<string, Position & FileState>>;
  /** The responses that were counted last, by the hash of their keys: their times, and what was counted. */
  readonly responses: Readonly<Record<string, readonly [at: number, counted: Counted]>>;
  /** Responses up to this time were counted, except those in `responses`. In milliseconds since 1970. */
  readonly horizon: number;
  /** The sessions of a database, by the hash of their keys: their times, and what was counted. */
  readonly sessions: Readonly<Record<string, readonly [at: number, counted: Counted]>>;
  /** The time of the last row that was read from each database in milliseconds since 1970, by path. */
  readonly databases: Readonly<Record<string, number>>;
}

/** The facts about an agent's account that its records prove. */
export interface Evidence {
  /** The last refusal because of a used-up window or a lack of credit. */
  readonly refusal?: Refusal;
  /** The last refusal because of a rate limit. */
  readonly rate?: Refusal;
  /** When the last response arrived, in milliseconds since 1970. */
  readonly success?: number;
}

export const NEW_STATE: UsageState = { files: {}, responses: {}, horizon: 0, sessions: {}, databases: {} };

/** The numbers of responses and sessions that the state remembers. */
const REMEMBERED = 1000;

/** The number of responses to remember until the existing records have been read for the first time. */
const REMEMBERED_AT_FIRST = 50_000;

export function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 12);
}

export function countedIn({ tokens, cost = 0 }: Pick<Response, "tokens" | "cost">, requests = 1): Counted {
  const { input, output, cacheRead, cacheWrite } = tokens;
  return [input, output, cacheRead, cacheWrite, requests, cost];
}

/** Returns what must be added to `before`. A number that has become smaller adds nothing. */
export function growth(before: Counted | undefined, now: Counted): Counted {
  return now.map((value, i) => Math.max(0, value - (before?.[i] ?? 0))) as unknown as Counted;
}

/**
 * Forgets the oldest responses and sessions. A forgotten response that appears again later, for example in a copy of a
 * conversation, is older than the horizon and is not counted again.
 *
 * @param isComplete whether all records have been read
 */
export function forgetOldest(state: UsageState, isComplete: boolean): UsageState {
  const most = isComplete ? REMEMBERED : REMEMBERED_AT_FIRST;
  const [responses, horizon] = newest(state.responses, most);
  const [sessions] = newest(state.sessions, REMEMBERED);
  return { ...state, responses, sessions, horizon: Math.max(state.horizon, horizon) };
}

function newest<V extends readonly [number, Counted]>(
  all: Readonly<Record<string, V>>,
  most: number,
): [Readonly<Record<string, V>>, number] {
  const entries = Object.entries(all);
  if (entries.length <= most) return [all, 0];
  const sorted = entries.sort(([, [a]], [, [b]]) => b - a);
  const horizon = sorted[most]?.[1][0] ?? 0;
  return [Object.fromEntries(sorted.slice(0, most)), horizon];
}
