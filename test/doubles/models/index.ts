import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { completions } from "./completions.ts";
import { messages } from "./messages.ts";
import type { ModelProtocol } from "./protocol.ts";
import { type Asked, type JsonMap, mapOf, type Reply } from "./reply.ts";
import { responses } from "./responses.ts";
import { scripted } from "./script.ts";

export { scripted, shellTask } from "./script.ts";

const PROTOCOLS: readonly ModelProtocol[] = [messages, responses, completions];

/** One request, as the API received it. */
export interface ModelRequest {
  readonly path: string;
  /** The key, from `x-api-key` or `authorization`; empty if there is none. */
  readonly key: string;
  readonly model: string;
  /** The last message of a person or a tool. */
  readonly last: string;
  /** Whether the request offers tools to the model. Requests for a title or a summary offer no tools. */
  readonly offersTools: boolean;
  /** The text of the complete body. */
  readonly body: string;
}

/** The APIs of all model vendors, with one model that follows a script. */
export interface ModelApi {
  readonly port: number;
  /** All requests for a reply of the model, in their order. */
  readonly requests: ModelRequest[];
  /** The method and path of every other request, such as those for a list of models. */
  readonly others: string[];
  /** Replaces the script; without an argument, the default script applies again. */
  answer(script?: (asked: Asked) => Reply): void;
  /** Responds to the next requests with an error, such as 429. @param message the words of the error */
  fail(times: number, status: number, headers?: Readonly<Record<string, string>>, message?: string): void;
  close(): Promise<void>;
}

/** The certificate of a server with its private key, as PEM. */
export interface ServerIdentity {
  readonly key: string;
  readonly cert: string;
}

/**
 * Starts the API on all addresses of this machine, so that local hosts reach it over their bridge.
 *
 * @param identity if present, the API is reached over TLS
 */
export async function modelApi(identity?: ServerIdentity): Promise<ModelApi> {
  const requests: ModelRequest[] = [];
  const others: string[] = [];
  let script = scripted;
  let failure = {
    ...{ times: 0, status: 500, message: FAILURE },
    headers: {} as Readonly<Record<string, string>>,
  };
  const respond = (request: IncomingMessage, response: ServerResponse) => void serve(request, response);
  const server = identity === undefined ? createServer(respond) : createTlsServer(identity, respond);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? "/", "http://models").pathname;
    const protocol = PROTOCOLS.find((one) => request.method === "POST" && one.path.test(path));
    const body = await text(request);
    if (protocol === undefined) {
      others.push(`${request.method} ${path}`);
      return send(response, 200, {}, LISTS);
    }
    const asked = protocol.parse(mapOf(JSON.parse(body)));
    const { model, last, tools } = asked;
    requests.push({ path, key: keyOf(request), model, last: last.text, offersTools: tools.length > 0, body });
    if (failure.times > 0) {
      failure = { ...failure, times: failure.times - 1 };
      return send(response, failure.status, failure.headers, protocol.error(failure.status, failure.message));
    }
    const reply = script(asked);
    if (asked.isStreamed) stream(response, protocol, asked, reply);
    else send(response, 200, {}, protocol.whole(asked, reply));
  };
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    others,
    answer: (one = scripted) => {
      script = one;
    },
    fail: (times, status, headers = {}, message = FAILURE) => {
      failure = { times, status, headers, message };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const FAILURE = "a failure of the tests";

/** The response to all other requests: an empty list of models, and the number of tokens in a request. */
const LISTS: JsonMap = { object: "list", data: [], models: [], input_tokens: 10 };

function keyOf({ headers }: IncomingMessage): string {
  return String(headers["x-api-key"] ?? headers.authorization ?? "").replace(/^Bearer /, "");
}

function send(response: ServerResponse, status: number, headers: object, body: JsonMap): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function stream(response: ServerResponse, { events, end }: ModelProtocol, asked: Asked, reply: Reply): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  events(asked, reply).forEach((event, sequence_number) => {
    const name = event["type"] === undefined ? "" : `event: ${event["type"]}\n`;
    const numbered = String(event["type"]).startsWith("response.") ? { ...event, sequence_number } : event;
    response.write(`${name}data: ${JSON.stringify(numbered)}\n\n`);
  });
  response.end(end === undefined ? "" : `data: ${end}\n\n`);
}
