import { MusterError } from "../base/errors.ts";
import { type HttpAnswer, isBusy, messageOf, type NoAnswerError } from "../base/http.ts";

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
  /** Seconds after which it may be asked again; undefined where that does not help. */
  readonly again: number | undefined;

  private constructor(what: string, { why, next }: { why: string; next: string }, again?: number) {
    super({ what, why, next, where: "the forge" });
    this.again = again;
  }

  /** The status of the answer is not a success. */
  static answered(answer: HttpAnswer): ForgeError {
    const { status, retryAfter = 1 } = answer;
    const said = messageOf(answer);
    const what = `it answered ${status}${said ? ` (${said})` : ""}`;
    if (isBusy(answer)) return new ForgeError(what, LATER, retryAfter);
    return new ForgeError(
      what,
      MEANING[status] ?? { why: "that is not expected.", next: "Check the job's log." },
    );
  }

  /** No answer came, or it broke off. */
  static silent({ message }: NoAnswerError): ForgeError {
    return new ForgeError("it gave no answer", { why: `${message}.`, next: "Run the job again." }, 1);
  }
}
