import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../serve/values.ts";

/** The settings with which the vendor's client calls the API. */
export interface ApiConfig {
  readonly token: string;
  readonly endpoint: string;
  readonly retryMax: number;
  /** In seconds. */
  readonly retryWaitMin: number;
  /** In seconds. */
  readonly retryWaitMax: number;
  /** 0 for no limit. */
  readonly requestsPerSecond: number;
}

/** A failed request, in the words of the vendor's client (godo, ErrorResponse). */
export class ApiFailure extends Error {
  /** 0 if there was no response. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Api {
  get(path: string): Promise<Properties>;
  post(path: string, body: Properties): Promise<Properties>;
  put(path: string, body: Properties): Promise<Properties>;
  delete(path: string, body?: Properties): Promise<Properties>;
  /** Returns a complete list from all of its pages. */
  all(path: string, name: string): Promise<Properties[]>;
}

export function apiOf(config: () => ApiConfig): Api {
  let free = 0;
  /** Waits until the client's own limit allows the next request. */
  const admitted = async () => {
    const { requestsPerSecond } = config();
    if (requestsPerSecond === 0) return;
    const start = Math.max(free, Date.now());
    free = start + 1000 / requestsPerSecond;
    await sleep(start - Date.now());
  };
  const ask = async (method: string, path: string, body?: Properties) => {
    await admitted();
    return request(config(), method, path, body);
  };
  return {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    put: (path, body) => ask("PUT", path, body),
    delete: (path, body) => ask("DELETE", path, body),
    all: async (path, name) => {
      const found: Properties[] = [];
      for (let page = 1; ; page++) {
        const mark = path.includes("?") ? "&" : "?";
        const answer = await ask("GET", `${path}${mark}page=${page}&per_page=200`);
        found.push(...((answer[name] ?? []) as unknown as Properties[]));
        const links = answer["links"] as { pages?: { next?: string } } | undefined;
        if (links?.pages?.next === undefined) return found;
      }
    },
  };
}

/** Escapes a name for a URL. */
export const part = (value: unknown): string => encodeURIComponent(String(value));

async function request(
  config: ApiConfig,
  method: string,
  path: string,
  body?: Properties,
): Promise<Properties> {
  const url = new URL(path, config.endpoint).href;
  for (let attempt = 1; ; attempt++) {
    const last = attempt > config.retryMax;
    const answer = await once(config, method, url, body);
    if ("error" in answer) {
      if (last)
        throw new ApiFailure(0, `${method[0]}${method.slice(1).toLowerCase()} "${url}": ${answer.error}`);
      await sleep(waitOf(config, attempt));
      continue;
    }
    const { status, text, requestId, retryAfter } = answer;
    if (status >= 200 && status <= 299) return text === "" ? {} : (JSON.parse(text) as Properties);
    const again = status === 429 || (status >= 500 && status !== 501);
    if (!again || last)
      throw failure(method, url, {
        status,
        text,
        requestId,
        attempts: again && config.retryMax > 0 ? attempt : 0,
      });
    const requestedDelay =
      [429, 503].includes(status) && retryAfter !== null ? Number(retryAfter) * 1000 : undefined;
    await sleep(requestedDelay ?? waitOf(config, attempt));
  }
}

/**
 * Returns the delay before the next attempt, in milliseconds. The delay doubles each time (go-retryablehttp,
 * DefaultBackoff).
 */
function waitOf({ retryWaitMin, retryWaitMax }: ApiConfig, attempt: number): number {
  return Math.min(retryWaitMin * 2 ** (attempt - 1), retryWaitMax) * 1000;
}

type Answer =
  | { readonly error: string }
  | {
      readonly status: number;
      readonly text: string;
      readonly requestId: string;
      readonly retryAfter: string | null;
    };

async function once(config: ApiConfig, method: string, url: string, body?: Properties): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${config.token}`,
        accept: "application/json",
        "content-type": "application/json",
        "user-agent": "Terraform/pulumi-stand-in",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const requestId = response.headers.get("x-request-id") ?? "";
    const retryAfter = response.headers.get("retry-after");
    return { status: response.status, text: await response.text(), requestId, retryAfter };
  } catch (error) {
    return { error: connectionError(error as Error, url) };
  }
}

/** Returns a connection error, in the words of Go. */
function connectionError(error: Error, url: string): string {
  const code = (error.cause as { code?: string } | undefined)?.code;
  if (code === "ECONNREFUSED") return `dial tcp ${new URL(url).host}: connect: connection refused`;
  return ["UND_ERR_SOCKET", "ECONNRESET"].includes(code ?? "") ? "EOF" : String(error.cause ?? error);
}

function failure(
  method: string,
  url: string,
  {
    status,
    text,
    requestId,
    attempts,
  }: { status: number; text: string; requestId: string; attempts: number },
): ApiFailure {
  const result = parsed(text);
  const id = result.request_id ?? requestId;
  const named = id === "" ? "" : ` (request "${id}")`;
  const tries = attempts > 0 ? `; giving up after ${attempts} attempt(s)` : "";
  return new ApiFailure(status, `${method} ${url}: ${status}${named} ${result.message ?? text}${tries}`);
}

function parsed(text: string): { message?: string; request_id?: string } {
  try {
    return JSON.parse(text) as { message?: string; request_id?: string };
  } catch {
    return {};
  }
}
