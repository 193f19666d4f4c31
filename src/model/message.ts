import type { Conversation, Dialog } from "./conversation.ts";

/** The results of sending a message to an agent; see docs/watching.md. */
export const VERDICTS = ["accepted", "queued", "delivered", "unconfirmed", "refused"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** Why a message was refused. If a message was refused, nothing was typed. */
export type RefusalReason =
  | Dialog
  | "takeover"
  | "typing"
  | "dead"
  | "starting"
  | "draft"
  | "scrolled"
  | "text"
  | "id";

/** The maximum length of a message in bytes of UTF-8. */
export const MOST_BYTES = 256 * 1024;

/** The form of a message's ID. */
export const MESSAGE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Types a message at an agent's prompt, or finds out whether an earlier message has arrived. */
export interface SendRequest {
  readonly op: "send";
  readonly agent: string;
  readonly id: string;
  readonly text: string;
  /** Seconds to wait for a proof that the agent has accepted the message; 0 for no proof. */
  readonly wait: number;
  /** The person who sends the message, for the history. */
  readonly by: string;
  /** Absent if the agent's program has no known prompt. */
  readonly conversation?: Conversation;
}

export interface SendAnswer {
  readonly verdict: Verdict;
  /** Present only with the verdict `refused`. */
  readonly reason?: RefusalReason;
  /** More about the verdict, as a sentence without a full stop. */
  readonly detail?: string;
  /** Where the proof is: the name of a file in the agent's home. Present with `accepted` and `queued`. */
  readonly evidence?: string;
  /** Whether a message with this ID was sent before. */
  readonly isRetry: boolean;
}

/** Characters that a terminal or a program could take for a key or a command. */
const FORBIDDEN = /(?![\t\n])\p{Cc}/gu;

/** Returns the form in which a text is sent: with LF at the ends of lines, and without newlines at its end. */
export function messageText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/\n+$/, "");
}

/** Returns the control characters in a text that cannot be sent, such as `U+001B`, each once. */
export function forbiddenIn(text: string): string[] {
  const found = text.match(FORBIDDEN) ?? [];
  const names = found.map((one) => `U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  return [...new Set(names)];
}

export function withoutForbidden(text: string): string {
  return text.replaceAll(FORBIDDEN, "");
}
