import { InvalidError } from "../base/errors.ts";
import { collectPages, NoAnswerError, request } from "../base/http.ts";
import { ForgeError } from "./forge-error.ts";

/** The maximum time in milliseconds to wait for a response from the forge. */
const PATIENCE = 30_000;

/** The part of the forge's REST API that Muster uses. This part is the same for GitHub and Gitea. */
export interface Forge {
  /** Returns all entries of a list, from all its pages. */
  list<Entry extends { readonly id: number }>(path: string): Promise<Entry[]>;
  send(method: "POST" | "PATCH", path: string, body: object): Promise<void>;
}

/** The environment variables with which the forge describes itself to a workflow job. */
export interface ForgeVariables {
  readonly GITHUB_API_URL?: string;
  readonly GITHUB_REPOSITORY?: string;
  /**
   * The workflow must pass this variable to the step. GitHub and Gitea set the other two variables
   * automatically.
   */
  readonly GITHUB_TOKEN?: string;
}

/**
 * Returns a client for the forge that runs this workflow job. The client's paths are relative to the job's
 * repository.
 *
 * @throws InvalidError outside a workflow job
 */
export function forgeOf(variables: ForgeVariables): Forge {
  const base = `${required(variables, "GITHUB_API_URL")}/repos/${required(variables, "GITHUB_REPOSITORY")}`;
  const token = required(variables, "GITHUB_TOKEN");
  return {
    list: (path) =>
      readPages((page) => ask("GET", `${base}/${path}${path.includes("?") ? "&" : "?"}${page}`, token)),
    send: async (method, path, body) => void (await ask(method, `${base}/${path}`, token, body)),
  };
}

function required(variables: ForgeVariables, name: keyof ForgeVariables): string {
  const value = variables[name];
  if (value) return value.replace(/\/+$/, "");
  throw new InvalidError({
    what: `${name} is not set`,
    why: "this command creates an issue or a comment on GitHub or Gitea, and works only in a workflow on GitHub or Gitea.",
    next: "Elsewhere, use `npx fleet drift --markdown`.",
  });
}

/**
 * Reads all pages of a list. The page size is `per_page` on GitHub and `limit` on Gitea, and both forges can return
 * fewer entries than requested. A list without pages returns all its entries for every page number. The first page
 * without new entries is therefore the last page.
 */
function readPages<Entry extends { readonly id: number }>(
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
