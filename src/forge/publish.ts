import { withRetries } from "../base/http.ts";
import type { Forge } from "./forge-client.ts";
import { ForgeError } from "./forge-error.ts";

/** Attempts at one piece of work. */
const ATTEMPTS = 3;

/** The most seconds to wait, whatever Retry-After says. */
const MOST_WAIT = 60;

/** The users that a workflow's own token writes as. A text by anybody else is not our own, whatever is in it. */
const OURSELVES = new Set(["github-actions[bot]", "gitea-actions"]);

/** A text on the forge that is kept up to date. */
export interface Page {
  /** Names what the text is about. It is part of the text, invisibly, so that the next run finds the text. */
  readonly about: string;
  /** Markdown. */
  readonly body: string;
}

export interface IssuePage extends Page {
  readonly title: string;
  /** Whether there is something to do: opens the issue, or closes it. */
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
  /** Lists of issues hold pull requests too. */
  readonly pull_request?: object | null;
}

/** Opens, updates or closes the one issue that a page is kept in. @throws ForgeError */
export function publishIssue(forge: Forge, { about, title, body, open }: IssuePage): Promise<void> {
  const text = marked(about, body);
  return persistently(async () => {
    const all = await forge.list<Issue>("issues?state=open");
    const ours = all.filter((issue) => isOurs(issue, about) && !issue.pull_request);
    const [first, ...doubles] = ours.sort((a, b) => a.number - b.number);
    // Two runs at once may have opened one each.
    for (const { number } of doubles) await forge.send("PATCH", `issues/${number}`, { state: "closed" });
    if (first === undefined) return open ? forge.send("POST", "issues", { title, body: text }) : undefined;
    if (open && first.body === text && first.title === title) return;
    const state = open ? "open" : "closed";
    await forge.send("PATCH", `issues/${first.number}`, { title, body: text, state });
  });
}

/** Writes or updates the one comment on a pull request that a page is kept in. @throws ForgeError */
export function publishComment(forge: Forge, pull: number, { about, body }: Page): Promise<void> {
  const text = marked(about, body);
  return persistently(async () => {
    const all = await forge.list<Written>(`issues/${pull}/comments`);
    const ours = all.find((comment) => isOurs(comment, about));
    if (ours === undefined) return forge.send("POST", `issues/${pull}/comments`, { body: text });
    if (ours.body !== text) await forge.send("PATCH", `issues/comments/${ours.id}`, { body: text });
  });
}

/** Repeats all the work and not only the failed request: that finds what was written although no answer came. */
async function persistently(work: () => Promise<void>): Promise<void> {
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
  return OURSELVES.has(user?.login ?? "") && (body ?? "").startsWith(markOf(about));
}

function marked(about: string, body: string): string {
  return `${markOf(about)}\n${body}`;
}

/** A comment of HTML, which nothing in `about` can end. */
function markOf(about: string): string {
  return `<!-- muster: ${encodeURIComponent(about).replaceAll("-", "%2D")} -->`;
}
