import { InvalidError } from "../base/errors.ts";
import { ForgeError } from "./forge-error.ts";

/** Milliseconds until a forge counts as silent. */
const PATIENCE = 30_000;

/** What of GitHub's and Gitea's REST API is used here; their shapes are the same. */
export interface Forge {
  /** Every entry of a list, over all its pages. */
  list<Entry extends { readonly id: number }>(path: string): Promise<Entry[]>;
  send(method: "POST" | "PATCH", path: string, body: object): Promise<void>;
}

/** Where a workflow finds its forge: both set these for every job. */
export interface ForgeVariables {
  readonly GITHUB_API_URL?: string;
  readonly GITHUB_REPOSITORY?: string;
  /** To be handed to the step by the workflow. */
  readonly GITHUB_TOKEN?: string;
}

/**
 * The forge that a workflow's job runs on; paths are relative to its repository.
 *
 * @throws InvalidError where this is no job of a workflow
 */
export function forgeOf(variables: ForgeVariables): Forge {
  const base = `${needed(variables, "GITHUB_API_URL")}/repos/${needed(variables, "GITHUB_REPOSITORY")}`;
  const token = needed(variables, "GITHUB_TOKEN");
  const ask = (method: string, path: string, body?: object) =>
    request(method, `${base}/${path}`, token, body);
  return {
    list: (path) => listed((page) => ask("GET", `${path}${path.includes("?") ? "&" : "?"}${page}`)),
    send: async (method, path, body) => void (await ask(method, path, body)),
  };
}

function needed(variables: ForgeVariables, name: keyof ForgeVariables): string {
  const value = variables[name];
  if (value) return value.replace(/\/+$/, "");
  throw new InvalidError({
    what: `${name} is not set`,
    why: "this command speaks with the forge of the workflow that it runs in.",
    next: "Elsewhere use `npx fleet drift --markdown`.",
  });
}

/**
 * GitHub reads `per_page`, Gitea `limit`, and each may give fewer; a list that has no pages gives all of it again.
 * So the end is where nothing new comes.
 */
async function listed<Entry extends { readonly id: number }>(
  get: (page: string) => Promise<unknown>,
): Promise<Entry[]> {
  const found = new Map<number, Entry>();
  for (let page = 1, before = -1; found.size > before; page += 1) {
    before = found.size;
    const entries = (await get(`per_page=50&limit=50&page=${page}`)) as Entry[];
    for (const entry of entries) found.set(entry.id, entry);
  }
  return [...found.values()];
}

async function request(method: string, url: string, token: string, body?: object): Promise<unknown> {
  const headers = {
    accept: "application/json",
    authorization: `Bearer ${token}`,
    "user-agent": "muster",
    ...(body && { "content-type": "application/json" }),
  };
  const signal = AbortSignal.timeout(PATIENCE);
  const init = { method, headers, signal, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(url, init).catch((error: unknown) => {
    throw ForgeError.silent(error);
  });
  const text = await response.text().catch((error: unknown) => {
    throw ForgeError.silent(error);
  });
  if (!response.ok) throw ForgeError.answered(response.status, response.headers.get("retry-after"), text);
  return text === "" ? undefined : JSON.parse(text);
}
