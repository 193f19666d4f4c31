import {
  collectPages,
  type HttpAnswer,
  isBusy,
  NoAnswerError,
  request,
  withRetries,
} from "../../../base/http.ts";
import { apiRefusal, apiUnreachable } from "./api-errors.ts";

/** Read-only access to DigitalOcean's API v2: https://docs.digitalocean.com/reference/api/ */
export interface Api {
  /** Returns the entries of all pages of a list. @throws MusterError if the API refuses or does not answer */
  list<T>(path: string, key: string): Promise<T[]>;
  /**
   * Returns one object.
   *
   * @returns undefined if the object does not exist
   * @throws MusterError if the API refuses or does not answer
   */
  one<T>(path: string, key: string): Promise<T | undefined>;
}

/** Milliseconds to wait for one response, and for all responses in total. */
const ONE_ANSWER = 10_000;
const ALL_ANSWERS = 45_000;
const ATTEMPTS = 5;
/** The largest page size that the API allows. */
const PAGE = 200;
/** The most pages to read, in case a list never ends. */
const MOST_PAGES = 50;

/**
 * Returns access to the API, without sending a request.
 *
 * @param url the URL without the version, such as `https://api.digitalocean.com`
 */
export function openApi(url: string, token: string): Api {
  const deadline = Date.now() + ALL_ANSWERS;
  const get = (path: string) => answer(new URL(path, withSlash(url)), token, deadline);
  return {
    one: async <T>(path: string, key: string) => {
      const { status, body } = await get(`v2/${path}`);
      return status === 404 ? undefined : (body[key] as T);
    },
    list: <T>(path: string, key: string) =>
      collectPages(async (page) => {
        const query = `${path.includes("?") ? "&" : "?"}per_page=${PAGE}&page=${page}`;
        const { body } = await get(`v2/${path}${query}`);
        const { pages } = (body["links"] ?? {}) as { pages?: { next?: string } };
        return { entries: (body[key] ?? []) as T[], isLast: pages?.next === undefined };
      }, MOST_PAGES),
  };
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Sends a request, and repeats it while the API is busy. Between attempts, waits as long as the API requests,
 * or else twice as long as the last time.
 */
async function answer(url: URL, token: string, deadline: number): Promise<Answer> {
  const ask = () => {
    const patience = Math.max(1, Math.min(ONE_ANSWER, deadline - Date.now()));
    // If the API redirects to another server, the token must not be sent there.
    return request(url, { token, patience, redirect: "error" });
  };
  const pauseAfter = (given: HttpAnswer, attempt: number) =>
    isBusy(given) ? (given.retryAfter ?? 0.25 * 2 ** attempt) * 1000 : undefined;
  try {
    return read(url, await withRetries({ attempts: ATTEMPTS, deadline }, ask, pauseAfter));
  } catch (error) {
    throw error instanceof NoAnswerError ? apiUnreachable(url, error) : error;
  }
}

function read(url: URL, given: HttpAnswer): Answer {
  if (!given.isOk && given.status !== 404) throw apiRefusal(url, given);
  try {
    return { status: given.status, body: JSON.parse(given.text) as Answer["body"] };
  } catch {
    throw new NoAnswerError("the response is not from DigitalOcean's API");
  }
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
