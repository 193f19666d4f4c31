import type { Refusal, RefusalKind } from "../../model/limits.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { plausible, resetTimeIn } from "./reset-time.ts";

/** The words with which providers and runtimes say that an account has no credit. */
const CREDIT =
  /credit balance is too low|insufficient[_ ](?:credits?|quota|balance|funds)|billing_error|billing_hard_limit|out of credits|exceeded your current quota|quota exceeded\. check your plan/i;

/** The words with which they say that the allowance of a period is used up. */
const WINDOW =
  /usage[_ ]limits?\b|(?:hit|reached) your (?!rate)[\w -]*limit|(?:weekly|daily|monthly|session|5-hour) limit/i;

/** The number of characters that are searched. An agent can write any text, and a search in a long text is slow. */
const LONGEST = 4000;

/** A limit that ends sooner than this number of milliseconds is a rate limit: the runtime waits by itself. */
const SHORT = 5 * 60_000;

/** What a record says about a refused request. */
export interface RefusedRequest {
  /** When the provider refused the request, in milliseconds since 1970. */
  readonly at: number;
  /** The words of the provider or the runtime. */
  readonly text: string;
  /** The codes of the refusal in the record. */
  readonly codes?: string;
  /** The status of the HTTP response; absent if the record does not contain it. */
  readonly status?: number;
  /** When the limit ends, if the record has a field for it. */
  readonly until?: number;
}

/** Returns the refusal of a request; undefined if the request failed for another reason, such as an overload. */
export function refusalOf({ at, text: all, codes = "", status, until }: RefusedRequest): Refusal | undefined {
  const text = all.slice(0, LONGEST);
  const end = plausible(until, at) ?? resetTimeIn(text, at);
  const kind = kindOf(`${text} ${codes}`, status, end === undefined ? undefined : end - at);
  if (kind === undefined) return undefined;
  return { kind, at, ...(end !== undefined && kind === "window" && { until: end }), text: shown(text, 100) };
}

/** @param wait the milliseconds until the limit ends; undefined if this is unknown */
function kindOf(text: string, status: number | undefined, wait: number | undefined): RefusalKind | undefined {
  // Claude Code uses these words for a limit of the server.
  if (text.includes("not your usage limit")) return "rate";
  if (WINDOW.test(text)) return "window";
  if (wait !== undefined && wait >= SHORT && (status === 429 || CREDIT.test(text))) return "window";
  // Some vendors use the word quota for requests in a minute, and name a short time to wait.
  if (wait !== undefined && status === 429) return "rate";
  if (status === 402 || CREDIT.test(text)) return "credit";
  return status === 429 || /rate[_ ]limit|too many requests/i.test(text) ? "rate" : undefined;
}
