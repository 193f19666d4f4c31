import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Routes, Settings } from "./context.ts";
import { type ApiError, refusalOf } from "./error.ts";
import type { Fault, Faults } from "./faults.ts";
import { authorize, bodyOf, replyOf, respond } from "./reply.ts";
import { routerOf } from "./router.ts";
import type { Store } from "./store.ts";

/** A request in the list that tests can read. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** 0 if the connection was cut. */
  readonly status: number;
  readonly body: unknown;
  readonly userAgent: string;
}

export interface Api {
  readonly port: number;
  readonly heard: RecordedRequest[];
  stop(): Promise<void>;
}

interface Parts {
  readonly store: Store;
  readonly settings: Settings;
  readonly routes: Routes;
  readonly faults: Faults;
  /** The calls of the console, by name. */
  readonly admin: Readonly<Record<string, (...args: never[]) => unknown>>;
}

/** Serves the API and the console on loopback. */
export async function serveApi(parts: Parts, port: number): Promise<Api> {
  const heard: RecordedRequest[] = [];
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

function answererOf({ store, settings, routes, faults, admin }: Parts, heard: RecordedRequest[]) {
  const refuseBurst = burstLimit(settings);
  const find = routerOf(routes);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "", `http://${request.headers.host ?? "cloud"}`);
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
      const excess = refuseBurst();
      if (excess !== undefined) throw excess;
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

/** Counts the requests of each window. A refusal says when the next window begins. */
function burstLimit(settings: Settings): () => ApiError | undefined {
  let [start, accepted] = [0, 0];
  return () => {
    const { requests, seconds } = settings.limit;
    const now = Date.now();
    if (now >= start + seconds * 1000) [start, accepted] = [now, 0];
    accepted += 1;
    if (accepted <= requests) return undefined;
    const end = start + seconds * 1000;
    return refusalOf(429, "API rate limit exceeded.", Math.ceil((end - now) / 1000));
  };
}

function cutAfter(fault: Fault | undefined): boolean {
  return fault?.cut === "after";
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
