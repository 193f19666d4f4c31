import { setTimeout as sleep } from "node:timers/promises";
import { apiRefusal, apiUnreachable } from "./api-errors.ts";

/** DigitalOcean's public API v2, to look at: https://docs.digitalocean.com/reference/api/ */
export interface Api {
  /** All of a list, page by page. @throws MusterError where it is not given */
  list<T>(path: string, key: string): Promise<T[]>;
  /** One thing; undefined where there is none. @throws MusterError where it is not given */
  one<T>(path: string, key: string): Promise<T | undefined>;
}

/** Milliseconds for one answer, and for all of them together: a run that cannot know waits no longer. */
const ONE_ANSWER = 10_000;
const ALL_ANSWERS = 45_000;
/** The most that a page can have. */
const PAGE = 200;
/** A list that goes on longer is no list of ours. */
const MOST_PAGES = 50;

/**
 * Opens the API; nothing is asked yet.
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
    list: async <T>(path: string, key: string) => {
      const all: T[] = [];
      for (let page = 1; page <= MOST_PAGES; page++) {
        const query = `${path.includes("?") ? "&" : "?"}per_page=${PAGE}&page=${page}`;
        const { body } = await get(`v2/${path}${query}`);
        all.push(...((body[key] ?? []) as T[]));
        const { pages } = (body["links"] ?? {}) as { pages?: { next?: string } };
        if (pages?.next === undefined) break;
      }
      return all;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks again where the API is busy, as long as it says or a little longer each time. */
async function answer(url: URL, token: string, deadline: number): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const response = await ask(url, token, deadline);
    const isBusy = response.status === 429 || response.status >= 500;
    const wait = isBusy ? pauseOf(response, attempt) : 0;
    if (!isBusy || attempt === 5 || Date.now() + wait > deadline) return read(url, response);
    await sleep(wait);
  }
}

async function ask(url: URL, token: string, deadline: number): Promise<Response> {
  const patience = Math.max(1, Math.min(ONE_ANSWER, deadline - Date.now()));
  try {
    return await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      signal: AbortSignal.timeout(patience),
      // A token is for the API that was named, and for nobody that it points to.
      redirect: "error",
    });
  } catch (error) {
    throw apiUnreachable(url, error);
  }
}

/** Milliseconds. */
function pauseOf(response: Response, attempt: number): number {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isNaN(seconds) ? 250 * 2 ** attempt : seconds * 1000;
}

async function read(url: URL, response: Response): Promise<Answer> {
  const body = await response.text().catch((error: unknown) => {
    throw apiUnreachable(url, error);
  });
  if (!response.ok && response.status !== 404) throw apiRefusal(url, response, body);
  try {
    return { status: response.status, body: JSON.parse(body) as Answer["body"] };
  } catch {
    throw apiUnreachable(url, new Error("what answers is not DigitalOcean's API"));
  }
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
