import {
  collectPages,
  type HttpAnswer,
  isBusy,
  NoAnswerError,
  request,
  withRetries,
} from "../../../base/http.ts";
import { apiRefusal, apiUnreachable } from "./api-errors.ts";

/** DigitalOcean's public API v2, for reading only: https://docs.digitalocean.com/reference/api/ */
export interface Api {
  /** All of a list, page by page. @throws MusterError where it is not given */
  list<T>(path: string, key: string): Promise<T[]>;
  /** One thing; undefined where it does not exist. @throws MusterError where it is not given */
  one<T>(path: string, key: string): Promise<T | undefined>;
}

/** Milliseconds for one answer, and for all answers together: a run that gets no answer does not wait longer. */
const ONE_ANSWER = 10_000;
const ALL_ANSWERS = 45_000;
const ATTEMPTS = 5;
/** The most entries that a page can have. */
const PAGE = 200;
/** Bounds a list that does not end. */
const MOST_PAGES = 50;

/**
 * Opens the API; nothing is sent yet.
 *
 * @param url without the version, such as `https://api.digitalocean.com`
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

/** Asks again where the API is busy: after the time that it names, or a little later each time. */
async function answer(url: URL, token: string, deadline: number): Promise<Answer> {
  const ask = () => {
    const patience = Math.max(1, Math.min(ONE_ANSWER, deadline - Date.now()));
    // The token is for the API that was named, and not for a server that it redirects to.
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
    throw new NoAnswerError("what answers is not DigitalOcean's API");
  }
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
