import { setTimeout as sleep } from "node:timers/promises";
import type { Forge } from "./forge-client.ts";
import { ForgeError } from "./forge-error.ts";

/** How often the forge is asked to do one thing. */
const ATTEMPTS = 3;

/** The most seconds that its wish to be asked later is followed. */
const MOST_WAIT = 60;

/** Who a workflow's own token writes as. A text by anybody else is not ours, whatever stands in it. */
const OURSELVES = new Set(["github-actions[bot]", "gitea-actions"]);

/** A text on the forge that is kept up to date. */
export interface Page {
  /** Names what the text is about. It stands in it, unseen, so that the next run knows it again. */
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

/** The whole of it again, and not the one request: what was written although no answer came is found then. */
async function persistently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ForgeError) || error.again === undefined || attempt === ATTEMPTS) throw error;
      await sleep(Math.min(error.again, MOST_WAIT) * 1000);
    }
  }
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
