import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./context.ts";
import { ApiError, refusalOf } from "./error.ts";
import { onePage } from "./list-pages.ts";
import type { Store } from "./store.ts";

/** The allowed requests per hour with one token. The double returns this number in headers, but does not enforce it. */
const RATE_LIMIT = 5000;

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns the reply to a request: the result of the work, or the refusal. */
export async function replyOf(work: () => Promise<Answer>, url: URL): Promise<Reply> {
  try {
    const { status, body, list } = await work();
    return { status, body: list === undefined ? body : onePage(list.name, list.items, url) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, id, message, headers } = error;
    return { status, body: { id, message, request_id: randomUUID() }, headers };
  }
}

/** @throws ApiError for an invalid token, or for a token without the required right */
export function authorize({ data }: Store, request: IncomingMessage, method: string): void {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const rights = Object.hasOwn(data.tokens, token) ? data.tokens[token] : undefined;
  if (rights === undefined) throw refusalOf(401);
  if (rights === "none" || (rights === "read" && method !== "GET")) throw refusalOf(403);
}

let used = 0;

export function respond(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  used = (used + 1) % RATE_LIMIT;
  const limits = {
    "ratelimit-limit": String(RATE_LIMIT),
    "ratelimit-remaining": status === 429 ? "0" : String(RATE_LIMIT - used),
    "ratelimit-reset": String(Math.ceil(Date.now() / 1000) + 3600),
    "x-request-id": randomUUID(),
  };
  const type = body === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
  response
    .writeHead(status, { ...limits, ...type, ...headers })
    .end(body === undefined ? "" : JSON.stringify(body));
}

/** @returns undefined for a missing body, or for a body that is not JSON */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
