import { MusterError } from "../base/errors.ts";

/** Characters of the forge's own words that are told. */
const MOST_WORDS = 200;

/** What each status means to a workflow's author. */
const MEANING: Readonly<Record<number, { readonly why: string; readonly next: string }>> = {
  401: { why: "it does not know the token.", next: "Hand the step GITHUB_TOKEN, as our workflows do." },
  403: {
    why: "the token may not do this.",
    next: "Give the job `issues: write` (or `pull-requests: write`) under `permissions:`.",
  },
  404: {
    why: "there is no such repository, issue or pull request, or the token may not see it.",
    next: "Check that the repository has issues, and the job's `permissions:`.",
  },
  422: { why: "it does not take the text.", next: "Tell us what it said." },
};

const LATER = { why: "it is overloaded, or asks us to come later.", next: "Run the job again." };

/** The forge did not do what it was asked. */
export class ForgeError extends MusterError {
  /** Seconds after which it may be asked again; undefined where that is of no use. */
  readonly again: number | undefined;

  private constructor(what: string, { why, next }: { why: string; next: string }, again?: number) {
    super({ what, why, next, where: "the forge" });
    this.again = again;
  }

  /** A status that is no success, and what came with it. */
  static answered(status: number, retryAfter: string | null, text: string): ForgeError {
    // GitHub says 403 with Retry-After where others say 429.
    const isLater = status === 429 || status >= 500 || (status === 403 && retryAfter !== null);
    const said = wordsOf(text);
    const what = `it answered ${status}${said === "" ? "" : ` (${said})`}`;
    if (isLater) return new ForgeError(what, LATER, Number(retryAfter ?? 1) || 0);
    return new ForgeError(
      what,
      MEANING[status] ?? { why: "that is not expected.", next: "Check the job's log." },
    );
  }

  /** No answer came, or it broke off. */
  static silent(error: unknown): ForgeError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = `${cause instanceof Error ? cause.message : String(cause)}.`;
    return new ForgeError("it gave no answer", { why, next: "Run the job again." }, 1);
  }
}

function wordsOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message.slice(0, MOST_WORDS) : "";
  } catch {
    return "";
  }
}
