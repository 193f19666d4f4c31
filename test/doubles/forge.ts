import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A GitHub or Gitea server as a workflow's token sees it, with the behaviour of the public REST API. */
export interface ForgeDouble {
  /** The environment variables of a workflow's job. */
  readonly env: Readonly<Record<string, string>>;
  readonly issues: Issue[];
  readonly comments: Comment[];
  /** Every request as `METHOD path`, without the query. */
  readonly requests: string[];
  /** Responds to the next requests with this status, and does nothing else. */
  fail(times: number, status: number, headers?: Headers): void;
  /** Performs the next request that writes, but drops the response. */
  dropAnswer(): void;
  stop(): Promise<void>;
}

type Headers = Readonly<Record<string, string>>;

interface Text {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string };
}

export interface Issue extends Text {
  readonly number: number;
  title: string;
  state: string;
  readonly pull_request: object | null;
}

export interface Comment extends Text {
  /** The number of the comment's issue or pull request. */
  readonly on: number;
}

type Flavor = "github" | "gitea";

/**
 * The differences between the forges. Gitea returns all comments on one page, and responds with status 201 to a changed
 * issue.
 */
const WAYS = {
  github: {
    prefix: "",
    login: "github-actions[bot]",
    size: "per_page",
    most: 100,
    pagedComments: true,
    patched: 200,
  },
  gitea: {
    prefix: "/api/v1",
    login: "gitea-actions",
    size: "limit",
    most: 50,
    pagedComments: false,
    patched: 201,
  },
} as const;

const TOKEN = "a-token-of-the-job";

/** The maximum length of a text on GitHub. */
const MOST = 65_536;

interface Call {
  readonly method: string;
  /** The path after the repository's path. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

type Answer = readonly [status: number, value: unknown, headers?: Headers];

const NOT_FOUND: Answer = [404, { message: "Not Found" }];

export async function startForge(flavor: Flavor): Promise<ForgeDouble> {
  const way = WAYS[flavor];
  const store = storeOf(flavor);
  const requests: string[] = [];
  let failing = { times: 0, answer: NOT_FOUND };
  let dropping = false;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "", "http://forge");
    const method = request.method ?? "";
    requests.push(`${method} ${url.pathname}`);
    const body = await bodyOf(request);
    failing.times -= 1;
    if (failing.times >= 0) return send(response, failing.answer);
    const refusal = refusalOf(request, body, `${way.prefix}/repos/team/fleet/`);
    const path = url.pathname.split("/repos/team/fleet/")[1] ?? "";
    const answer = refusal ?? store.answer({ method, path, query: url.searchParams, body });
    if (!dropping || method === "GET") return send(response, answer);
    dropping = false;
    request.socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const api = `http://127.0.0.1:${port}${way.prefix}`;
  return {
    env: { GITHUB_API_URL: api, GITHUB_REPOSITORY: "team/fleet", GITHUB_TOKEN: TOKEN },
    issues: store.issues,
    comments: store.comments,
    requests,
    fail: (times, status, headers = {}) => {
      failing = { times, answer: [status, { message: `no: ${status}` }, headers] };
    },
    dropAnswer: () => {
      dropping = true;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Returns the refusal for any request that both GitHub and Gitea refuse. */
function refusalOf(request: IncomingMessage, body: Call["body"], base: string): Answer | undefined {
  const token = /^(?:Bearer|token) (.*)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token !== TOKEN) return [401, { message: "Bad credentials" }];
  if (!request.url?.startsWith(base)) return NOT_FOUND;
  return String(body["body"] ?? "").length > MOST ? [422, { message: "body is too long" }] : undefined;
}

function storeOf(flavor: Flavor) {
  const { login, size, most, pagedComments, patched } = WAYS[flavor];
  const [issues, comments]: [Issue[], Comment[]] = [[], []];
  let nextId = 1000;
  const made = (body: Call["body"]) => ({ id: nextId++, body: String(body["body"]), user: { login } });
  const page = <T>(all: readonly T[], query: URLSearchParams) => {
    const length = Math.min(Number(query.get(size) ?? 30), most);
    const at = (Number(query.get("page") ?? 1) - 1) * length;
    return all.slice(at, at + length);
  };

  const onIssues = ({ method, query, body }: Call): Answer => {
    const state = query.get("state") ?? "open";
    if (method === "GET")
      return [
        200,
        page(
          issues.filter((one) => one.state === state),
          query,
        ),
      ];
    const text = made(body);
    issues.push({
      ...text,
      number: text.id,
      title: String(body["title"]),
      state: "open",
      pull_request: null,
    });
    return [201, issues.at(-1)];
  };
  const onComments = (on: number, { method, query, body }: Call): Answer => {
    const there = comments.filter((one) => one.on === on);
    if (method === "GET") return [200, pagedComments ? page(there, query) : there];
    comments.push({ ...made(body), on });
    return [201, comments.at(-1)];
  };
  const changed = (text: Text | undefined, body: Call["body"], status: number): Answer =>
    text === undefined ? NOT_FOUND : [status, Object.assign(text, body)];

  const answer = (call: Call): Answer => {
    const match = /^issues(?:\/(\d+)(\/comments)?|\/comments\/(\d+))?$/.exec(call.path);
    if (match === null) return NOT_FOUND;
    const [, number, ofIssue, comment] = match;
    if (comment !== undefined)
      return changed(
        comments.find(({ id }) => id === Number(comment)),
        call.body,
        200,
      );
    if (number === undefined) return onIssues(call);
    if (ofIssue !== undefined) return onComments(Number(number), call);
    return changed(
      issues.find((one) => one.number === Number(number)),
      call.body,
      patched,
    );
  };
  return { issues, comments, answer };
}

function send(response: ServerResponse, [status, value, headers]: Answer): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
