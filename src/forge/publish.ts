import { withRetries } from "../base/http.ts";
import type { Forge } from "./forge-client.ts";
import { ForgeError } from "./forge-error.ts";

/** The maximum number of attempts to publish a page. */
const ATTEMPTS = 3;

/** The maximum number of seconds to wait between attempts, even if Retry-After contains more. */
const MOST_WAIT = 60;

/**
 * The users that the forge shows as authors of texts that were written with a workflow's token. A text by any other
 * user is not Muster's text, even if the text contains Muster's mark.
 */
const OWN_USERS = new Set(["github-actions[bot]", "gitea-actions"]);

/** A text that Muster keeps up to date on the forge. */
export interface Page {
  /** The subject of the text, which is embedded invisibly so that the next run finds the text. */
  readonly about: string;
  /** The text in Markdown. */
  readonly body: string;
}

export interface IssuePage extends Page {
  readonly title: string;
  /** Whether the issue should be open because something must be done. */
  readonly open: boolean;
}

interface Written {
  readonly id: number;
  readonly body?: string | null;
  readonly user?: { readonly login?: string } | null;
}

interface Issue extends Written {
  readonly number: number;
  readonly title: string;
  /** Present only for pull requests, because the forge includes these in its lists of issues. */
  readonly pull_request?: object | null;
}

/**
 * Opens, updates or closes the issue for a page, and closes duplicates of the issue.
 *
 * @throws ForgeError if the forge refuses a request or does not respond
 */
export function publishIssue(forge: Forge, { about, title, body, open }: IssuePage): Promise<void> {
  const text = marked(about, body);
  return withAttempts(async () => {
    const all = await forge.list<Issue>("issues?state=open");
    const own = all.filter((issue) => isOurs(issue, about) && !issue.pull_request);
    const [first, ...duplicates] = own.sort((a, b) => a.number - b.number);
    // There are duplicates if two simultaneous runs have each opened an issue.
    for (const { number } of duplicates) await forge.send("PATCH", `issues/${number}`, { state: "closed" });
    if (first === undefined) return open ? forge.send("POST", "issues", { title, body: text }) : undefined;
    if (open && first.body === text && first.title === title) return;
    const state = open ? "open" : "closed";
    await forge.send("PATCH", `issues/${first.number}`, { title, body: text, state });
  });
}

/**
 * Writes or updates the comment for a page on a pull request.
 *
 * @throws ForgeError if the forge refuses a request or does not respond
 */
export function publishComment(forge: Forge, pull: number, { about, body }: Page): Promise<void> {
  const text = marked(about, body);
  return withAttempts(async () => {
    const all = await forge.list<Written>(`issues/${pull}/comments`);
    const own = all.find((comment) => isOurs(comment, about));
    if (own === undefined) return forge.send("POST", `issues/${pull}/comments`, { body: text });
    if (own.body !== text) await forge.send("PATCH", `issues/comments/${own.id}`, { body: text });
  });
}

/**
 * Retries the entire operation and not only the failed request, because a request might have taken effect although no
 * response was received.
 */
async function withAttempts(work: () => Promise<void>): Promise<void> {
  const attempt = () =>
    work().catch((error: unknown) => {
      if (error instanceof ForgeError) return error;
      throw error;
    });
  const failure = await withRetries({ attempts: ATTEMPTS }, attempt, (error) =>
    error?.again === undefined ? undefined : Math.min(error.again, MOST_WAIT) * 1000,
  );
  if (failure) throw failure;
}

function isOurs({ body, user }: Written, about: string): boolean {
  return OWN_USERS.has(user?.login ?? "") && (body ?? "").startsWith(markOf(about));
}

function marked(about: string, body: string): string {
  return `${markOf(about)}\n${body}`;
}

/**
 * Returns an HTML comment that identifies a text by its subject. The encoding prevents `about` from ending
 * the comment.
 */
function markOf(about: string): string {
  return `<!-- muster: ${encodeURIComponent(about).replaceAll("-", "%2D")} -->`;
}
