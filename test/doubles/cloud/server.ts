import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Routes } from "./context.ts";
import { ApiError, refusalOf } from "./error.ts";
import type { Fault, Faults } from "./faults.ts";
import { onePage } from "./pages.ts";
import { routerOf } from "./router.ts";
import type { Store } from "./store.ts";

/** A request as a test asks after it. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  /** 0 for one that was cut. */
  readonly status: number;
  readonly body: unknown;
  readonly userAgent: string;
}

export interface Api {
  readonly port: number;
  readonly heard: Heard[];
  stop(): Promise<void>;
}

interface Parts {
  readonly store: Store;
  readonly routes: Routes;
  readonly faults: Faults;
  /** The console, by the name of its call. */
  readonly admin: Readonly<Record<string, (...args: never[]) => unknown>>;
}

/** Requests an hour that a token may make, as its headers say. */
const RATE_LIMIT = 5000;

/** Serves the API on loopback. */
export async function serveApi(parts: Parts, port: number): Promise<Api> {
  const heard: Heard[] = [];
  const answer = answererOf(parts, heard);
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      respond(response, 500, { id: "server_error", message: String(error) });
    });
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    heard,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answererOf({ store, routes, faults, admin }: Parts, heard: Heard[]) {
  const find = routerOf(routes);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "", "http://cloud");
    const method = request.method ?? "";
    const body = await bodyOf(request);
    const call = /^\/admin\/(\w+)$/.exec(url.pathname)?.[1];
    if (call !== undefined) return serveAdmin(admin[call], body, response);
    const found = find(method, url.pathname);
    const name = found?.name ?? `${method} elsewhere`;
    store.data.requests[name] = (store.data.requests[name] ?? 0) + 1;
    const tell = (status: number) =>
      heard.push({
        method,
        path: `${url.pathname}${url.search}`,
        status,
        body,
        userAgent: userAgentOf(request),
      });
    const fault = faults.meet(`${method} ${url.pathname}`);
    if (fault?.delay !== undefined) await sleep(fault.delay);
    if (fault?.cut === "before") {
      tell(0);
      store.save();
      request.socket.destroy();
      return;
    }
    const reply = await replyOf(async () => {
      if (fault?.status !== undefined) throw refusalOf(fault.status, fault.message, fault.retryAfter);
      authorize(store, request, method);
      if (found === undefined) throw refusalOf(404);
      const given = (body ?? {}) as Readonly<Record<string, unknown>>;
      return found.handler({ params: found.params, query: url.searchParams, body: given });
    }, url);
    store.save();
    tell(cutAfter(fault) ? 0 : reply.status);
    if (cutAfter(fault)) request.socket.destroy();
    else respond(response, reply.status, reply.body, reply.headers);
  };
}

function cutAfter(fault: Fault | undefined): boolean {
  return fault?.cut === "after";
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function replyOf(work: () => Promise<Answer>, url: URL): Promise<Reply> {
  try {
    const { status, body, list } = await work();
    return { status, body: list === undefined ? body : onePage(list.name, list.items, url) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, id, message, headers } = error;
    return { status, body: { id, message, request_id: randomUUID() }, headers };
  }
}

function authorize({ data }: Store, request: IncomingMessage, method: string): void {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const rights = Object.hasOwn(data.tokens, token) ? data.tokens[token] : undefined;
  if (rights === undefined) throw refusalOf(401);
  if (rights === "none" || (rights === "read" && method !== "GET")) throw refusalOf(403);
}

async function serveAdmin(
  call: ((...args: never[]) => unknown) | undefined,
  body: unknown,
  response: ServerResponse,
): Promise<void> {
  if (call === undefined) return respond(response, 404, { message: "the console has no such call" });
  const args = (Array.isArray(body) ? body : []) as never[];
  respond(response, 200, (await call(...args)) ?? null);
}

function userAgentOf(request: IncomingMessage): string {
  return request.headers["user-agent"] ?? "";
}

let used = 0;

function respond(
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

/** @returns undefined where there is none, or none that is JSON */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
