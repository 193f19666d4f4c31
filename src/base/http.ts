import { setTimeout as sleep } from "node:timers/promises";
import { visible } from "./terminal-text.ts";

/** The maximum number of characters of a server's message that are shown. */
const MOST_OF_MESSAGE = 200;

export interface HttpRequest {
  /** The method; absent for GET. */
  readonly method?: string;
  /** The body, which is sent as JSON. Absent if the request has no body. */
  readonly body?: object;
  readonly token: string;
  /** The maximum time in milliseconds until the response is complete. */
  readonly patience: number;
  /** "error" makes a redirect fail. If absent, redirects are followed. */
  readonly redirect?: "error";
}

export interface HttpAnswer {
  readonly status: number;
  readonly isOk: boolean;
  /** The value of the Retry-After header; undefined if the header is missing or not a number of seconds. */
  readonly retryAfter: number | undefined;
  readonly text: string;
}

/** Reports that no response, or only a part of a response, was received. The message is from the network error. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  /** Whether the request timed out because the response was not complete within `patience` milliseconds. */
  readonly isLate: boolean;

  constructor(error: unknown) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    super(cause instanceof Error ? cause.message : String(cause), { cause: error });
    this.isLate = error instanceof Error && error.name === "TimeoutError";
  }
}

/**
 * Sends one request with a bearer token to a REST API. Does not throw if the response has an error status.
 *
 * @throws NoAnswerError if no complete response was received
 */
export async function request(url: string | URL, options: HttpRequest): Promise<HttpAnswer> {
  const { method = "GET", body, token, patience, redirect = "follow" } = options;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${token}`,
        "user-agent": "muster",
        ...(body && { "content-type": "application/json" }),
      },
      signal: AbortSignal.timeout(patience),
      redirect,
      ...(body && { body: JSON.stringify(body) }),
    });
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    const retryAfter = Number.isNaN(seconds) ? undefined : seconds;
    return { status: response.status, isOk: response.ok, retryAfter, text: await response.text() };
  } catch (error) {
    throw new NoAnswerError(error);
  }
}

/**
 * Whether a later attempt might succeed, because the server is overloaded or has received too many requests. For too
 * many requests, GitHub responds with 403 and Retry-After. Other servers respond with 429.
 */
export function isBusy({ status, retryAfter }: HttpAnswer): boolean {
  return status === 429 || status >= 500 || (status === 403 && retryAfter !== undefined);
}

/** Returns the `message` in a JSON response, cut and safe for a terminal; undefined if the response has no message. */
export function messageOf({ text }: HttpAnswer): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? visible(message.slice(0, MOST_OF_MESSAGE)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Calls `work` until its result is final or all attempts are used. Also stops if the next pause would end
 * after the deadline, which is in milliseconds since 1970.
 *
 * @param pauseAfter returns the milliseconds to wait before the next attempt, or undefined if the result is
 *   final; attempts are counted from 1
 * @returns the last result
 */
export async function withRetries<T>(
  {
    attempts,
    deadline = Number.POSITIVE_INFINITY,
  }: { readonly attempts: number; readonly deadline?: number },
  work: () => Promise<T>,
  pauseAfter: (result: T, attempt: number) => number | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await work();
    const pause = attempt < attempts ? pauseAfter(result, attempt) : undefined;
    if (pause === undefined || Date.now() + pause > deadline) return result;
    await sleep(pause);
  }
}

/**
 * Reads all pages of a list and returns their entries.
 *
 * @param readPage reads one page; pages are counted from 1
 * @param most the maximum number of pages to read
 */
export async function collectPages<Entry>(
  readPage: (page: number) => Promise<{ readonly entries: readonly Entry[]; readonly isLast: boolean }>,
  most: number = Number.POSITIVE_INFINITY,
): Promise<Entry[]> {
  const all: Entry[] = [];
  for (let page = 1; page <= most; page += 1) {
    const { entries, isLast } = await readPage(page);
    for (const entry of entries) all.push(entry);
    if (isLast) break;
  }
  return all;
}
