import { InvalidError } from "../base/errors.ts";
import { collectPages, NoAnswerError, request } from "../base/http.ts";
import { ForgeError } from "./forge-error.ts";

/** Milliseconds until a forge counts as silent. */
const PATIENCE = 30_000;

/** The part of GitHub's and Gitea's REST API that is used here; both have the same shapes. */
export interface Forge {
  /** Every entry of a list, over all its pages. */
  list<Entry extends { readonly id: number }>(path: string): Promise<Entry[]>;
  send(method: "POST" | "PATCH", path: string, body: object): Promise<void>;
}

/** Where a workflow finds its forge: both set these for every job. */
export interface ForgeVariables {
  readonly GITHUB_API_URL?: string;
  readonly GITHUB_REPOSITORY?: string;
  /** The workflow must hand it to the step. */
  readonly GITHUB_TOKEN?: string;
}

/**
 * The forge that a workflow's job runs on; paths are relative to its repository.
 *
 * @throws InvalidError outside a job of a workflow
 */
export function forgeOf(variables: ForgeVariables): Forge {
  const base = `${needed(variables, "GITHUB_API_URL")}/repos/${needed(variables, "GITHUB_REPOSITORY")}`;
  const token = needed(variables, "GITHUB_TOKEN");
  return {
    list: (path) =>
      listed((page) => ask("GET", `${base}/${path}${path.includes("?") ? "&" : "?"}${page}`, token)),
    send: async (method, path, body) => void (await ask(method, `${base}/${path}`, token, body)),
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
 * GitHub reads `per_page`, Gitea `limit`, and each may give fewer; a list without pages gives all of it again. So the
 * last page is one with nothing new.
 */
function listed<Entry extends { readonly id: number }>(
  get: (page: string) => Promise<unknown>,
): Promise<Entry[]> {
  const known = new Set<number>();
  return collectPages(async (page) => {
    const all = (await get(`per_page=50&limit=50&page=${page}`)) as Entry[];
    const entries = all.filter(({ id }) => !known.has(id));
    for (const { id } of entries) known.add(id);
    return { entries, isLast: entries.length === 0 };
  });
}

async function ask(method: string, url: string, token: string, body?: object): Promise<unknown> {
  const answer = await request(url, { method, token, patience: PATIENCE, ...(body && { body }) }).catch(
    (error: unknown) => {
      throw error instanceof NoAnswerError ? ForgeError.silent(error) : error;
    },
  );
  if (!answer.isOk) throw ForgeError.answered(answer);
  return answer.text === "" ? undefined : JSON.parse(answer.text);
}
