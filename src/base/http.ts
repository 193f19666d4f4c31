import { setTimeout as sleep } from "node:timers/promises";
import { visible } from "./terminal-text.ts";

/** The most characters of a server's own message that are shown. */
const MOST_OF_MESSAGE = 200;

export interface HttpRequest {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: object;
  readonly token: string;
  /** Milliseconds for the whole answer. */
  readonly patience: number;
  /** Left out: redirects are followed. */
  readonly redirect?: "error";
}

export interface HttpAnswer {
  readonly status: number;
  readonly isOk: boolean;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined;
  readonly text: string;
}

/** No answer came, or it broke off. Its message says why, in the words of the network. */
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
 * Asks a REST API once with a bearer token.
 *
 * @throws NoAnswerError; any status is an answer
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

/** Whether the server may answer otherwise later. GitHub gives 403 with Retry-After where others give 429. */
export function isBusy({ status, retryAfter }: HttpAnswer): boolean {
  return status === 429 || status >= 500 || (status === 403 && retryAfter !== undefined);
}

/** The `message` of an answer, safe for a terminal and cut short; undefined where it has none. */
export function messageOf({ text }: HttpAnswer): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? visible(message.slice(0, MOST_OF_MESSAGE)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Does something again while its result asks for that.
 *
 * @param pauseAfter milliseconds to wait after a result and its attempt, from 1; undefined for a final result
 * @returns the last result, also where the attempts are used up or a pause would go beyond the deadline
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
 * All entries of a list that comes in pages.
 *
 * @param readPage reads one, counted from 1
 * @param most pages that are read
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
