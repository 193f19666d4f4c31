import type { Refusal } from "../../model/limits.ts";
import { countAt, type Json, textAt, timeAt } from "./json.ts";
import { refusalOf } from "./refusal-text.ts";

/** The log of Hermes with warnings and errors, relative to the home. */
export const HERMES_LOG = ".hermes/logs/errors.log";

/** The usage of a session with one model since the session began. The numbers only grow. */
export interface SessionTotals {
  readonly key: string;
  readonly model: string;
  /** When the last response arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly requests: number;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cost: number;
}

/** The query for the sessions that have changed since a time in seconds. */
export const SESSIONS_QUERY = `SELECT session_id, model, billing_provider, task, api_call_count, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, estimated_cost_usd, actual_cost_usd, last_seen FROM session_model_usage
  WHERE last_seen >= ? ORDER BY last_seen LIMIT ?`;

/** Returns the session in a row of the database; empty if the row is invalid. */
export function totalsIn(row: Json): SessionTotals[] {
  const seconds = timeAt(row, "last_seen");
  const model = textAt(row, "model");
  if (seconds === undefined || model === undefined) return [];
  const names = ["session_id", "model", "billing_provider", "task"];
  return [
    {
      key: names.map((name) => textAt(row, name)?.slice(0, 100) ?? "").join(" "),
      model,
      at: seconds * 1000,
      requests: countAt(row, "api_call_count"),
      input: countAt(row, "input_tokens"),
      output: countAt(row, "output_tokens"),
      cacheRead: countAt(row, "cache_read_tokens"),
      cacheWrite: countAt(row, "cache_write_tokens"),
      cost: countAt(row, "actual_cost_usd") || countAt(row, "estimated_cost_usd"),
    },
  ];
}

/** Returns the refusal in a line of the log; undefined if the line contains none. */
export function refusalInLog(line: string): Refusal | undefined {
  const [, day, time, words] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),\d+ (?:WARNING|ERROR) .*?agent\.conversation_loop: (.*)$/.exec(
      line,
    ) ?? [];
  if (day === undefined || words === undefined) return undefined;
  const [, error, status] = /((?:Error code:|HTTP) (\d{3}).*)$/.exec(words) ?? [];
  if (error === undefined) return undefined;
  // The log has the local time of the host.
  return refusalOf({ at: Date.parse(`${day}T${time}`), text: error, status: Number(status) });
}
