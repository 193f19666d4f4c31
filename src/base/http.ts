import { setTimeout as sleep } from "node:timers/promises";
import { visible } from "./terminal-text.ts";

/** The maximum number of characters of a server's own message that are shown. */
const MOST_OF_MESSAGE = 200;

export interface HttpRequest {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: object;
  readonly token: string;
  /** Milliseconds until the answer must be complete. */
  readonly patience: number;
  /** If absent, redirects are followed. */
  readonly redirect?: "error";
}

export interface HttpAnswer {
  readonly status: number;
  readonly isOk: boolean;
  /** The server's Retry-After in seconds. */
  readonly retryAfter: number | undefined;
  readonly text: string;
}

/** No answer came, or only a part of it. The message is that of the network error. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly isLate: boolean;

  constructor(error: unknown) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    super(cause instanceof Error ? cause.message : String(cause), { cause: error });
    this.isLate = error instanceof Error && error.name === "TimeoutError";
  }
}

/**
 * Sends one request with a bearer token to a REST API. It does not throw for any HTTP status.
 *
 * @throws NoAnswerError if no complete answer came
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
 * Whether a later retry may succeed. To limit requests,
 * GitHub sends 403 with Retry-After, and others send 429.
 */
export function isBusy({ status, retryAfter }: HttpAnswer): boolean {
  return status === 429 || status >= 500 || (status === 403 && retryAfter !== undefined);
}

/**
 * Returns the `message` of a JSON answer, shortened and
 * safe to show in a terminal; undefined if there is none.
 */
export function messageOf({ text }: HttpAnswer): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? visible(message.slice(0, MOST_OF_MESSAGE)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Calls `work` again until its result is final, all attempts
 * are used, or the next pause would end after the deadline.
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
