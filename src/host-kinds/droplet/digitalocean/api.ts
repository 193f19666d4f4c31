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
  /** Returns all entries of a list. @throws MusterError if the API refuses the request or does not respond */
  list<T>(path: string, key: string): Promise<T[]>;
  /**
   * Returns one object.
   *
   * @returns undefined if the object does not exist
   * @throws MusterError if the API refuses the request or does not respond
   */
  one<T>(path: string, key: string): Promise<T | undefined>;
}

/**
 * The maximum time in milliseconds for one response, and for all responses together. The API limits the number of
 * requests per minute, so all responses together can take more than a minute.
 */
const ONE_ANSWER = 10_000;
const ALL_ANSWERS = 100_000;
const ATTEMPTS = 5;
/**
 * The maximum number of attempts while the API limits the requests. Many attempts can be necessary, because other
 * clients share the limit.
 */
const LIMITED_ATTEMPTS = 30;
/** The largest page size that the API allows. */
const PAGE = 200;
/** The maximum number of pages to read. Without a limit, a list that never ends would block the run. */
const MOST_PAGES = 50;

/**
 * Returns access to the API. Does not send a request.
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
 * Sends a request, and repeats the request while the API is busy or the connection is cut. If the API requests a pause,
 * Muster waits for this time before the next attempt. Otherwise, each pause is twice as long as the previous pause.
 */
async function answer(url: URL, token: string, deadline: number): Promise<Answer> {
  const ask = () => {
    const patience = Math.max(1, Math.min(ONE_ANSWER, deadline - Date.now()));
    // Redirects are refused, because the token must not be sent to another server.
    return request(url, { token, patience, redirect: "error" }).catch((error: unknown) => {
      if (error instanceof NoAnswerError) return error;
      throw error;
    });
  };
  const pauseAfter = (given: HttpAnswer | NoAnswerError, attempt: number) => {
    const isLimited = !(given instanceof NoAnswerError) && given.status === 429;
    if (attempt >= ATTEMPTS && !isLimited) return undefined;
    const usual = 0.25 * 2 ** Math.min(attempt, ATTEMPTS) * 1000;
    if (given instanceof NoAnswerError) return given.isLate ? undefined : usual;
    if (!isBusy(given)) return undefined;
    return given.retryAfter === undefined ? usual : given.retryAfter * 1000;
  };
  const given = await withRetries({ attempts: LIMITED_ATTEMPTS, deadline }, ask, pauseAfter);
  if (given instanceof NoAnswerError) throw apiUnreachable(url, given);
  try {
    return read(url, given);
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
