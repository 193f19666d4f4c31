import { MusterError } from "../base/errors.ts";
import { type HttpAnswer, isBusy, messageOf, type NoAnswerError } from "../base/http.ts";

/** The meaning of each status for the author of a workflow. */
const MEANING: Readonly<Record<number, { readonly why: string; readonly next: string }>> = {
  401: {
    why: "it does not accept the token.",
    next: "Pass GITHUB_TOKEN to the step, as Muster's own workflows do.",
  },
  403: {
    why: "the token does not have the right to do this.",
    next: "Give the job `issues: write` (or `pull-requests: write`) under `permissions:`.",
  },
  404: {
    why: "there is no such repository, issue or pull request, or the token cannot see it.",
    next: "Check that the repository has issues enabled, and check the job's `permissions:`.",
  },
  422: { why: "it rejects the text.", next: "Report this answer as a bug in Muster." },
};

const LATER = {
  why: "it is overloaded, or it accepts no more requests for now.",
  next: "Run the job again.",
};

/** Reports that the forge refused a request or did not respond. */
export class ForgeError extends MusterError {
  /** The number of seconds to wait before a retry; undefined if a retry would not help. */
  readonly again: number | undefined;

  private constructor(what: string, { why, next }: { why: string; next: string }, again?: number) {
    super({ what, why, next, where: "the forge" });
    this.again = again;
  }

  /** Returns the error for a response with an error status. */
  static answered(answer: HttpAnswer): ForgeError {
    const { status, retryAfter = 1 } = answer;
    const said = messageOf(answer);
    const what = `it answered ${status}${said ? ` (${said})` : ""}`;
    if (isBusy(answer)) return new ForgeError(what, LATER, retryAfter);
    return new ForgeError(
      what,
      MEANING[status] ?? { why: "this status is not expected.", next: "Check the job's log." },
    );
  }

  /** Returns the error for a response that is missing or incomplete. */
  static silent({ message }: NoAnswerError): ForgeError {
    return new ForgeError("it did not answer", { why: `${message}.`, next: "Run the job again." }, 1);
  }
}
