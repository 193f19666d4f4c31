import type { Conversation, Dialog } from "./conversation.ts";

/** The results of sending a message to an agent; see docs/watching.md. */
export const VERDICTS = ["accepted", "queued", "delivered", "unconfirmed", "refused"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** The reason why a message was refused. If a message was refused, nothing was typed. */
export type RefusalReason =
  | Dialog
  | "takeover"
  | "typing"
  | "dead"
  | "starting"
  | "busy"
  | "draft"
  | "scrolled"
  | "text"
  | "id";

/** The maximum length of a message in bytes of UTF-8. */
export const MOST_BYTES = 256 * 1024;

/** The form of a message's ID. */
export const MESSAGE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Requests that a message is typed at an agent's prompt, or reports whether an earlier message has arrived. */
export interface SendRequest {
  readonly op: "send";
  readonly agent: string;
  readonly id: string;
  readonly text: string;
  /** The maximum number of seconds to wait for a proof that the agent has accepted the message; 0 for no proof. */
  readonly wait: number;
  /** The person who sends the message, for the history. */
  readonly by: string;
  /** The description of the runtime's terminal. Absent if the prompt of the agent's program is not known. */
  readonly conversation?: Conversation;
}

export interface SendAnswer {
  readonly verdict: Verdict;
  /** Present only with the verdict `refused`. */
  readonly reason?: RefusalReason;
  /** Details about the verdict, as a sentence without a full stop. */
  readonly detail?: string;
  /** The name of the file in the agent's home that contains the proof. Present with `accepted` and `queued`. */
  readonly evidence?: string;
  /** Whether a message with this ID was sent before. */
  readonly isRetry: boolean;
}

/** The characters that a terminal or a program could interpret as a key or a command. */
const FORBIDDEN = /(?![\t\n])\p{Cc}/gu;

/** Returns the form in which a text is sent: with LF as line ends, and without line ends at the end of the text. */
export function messageText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/\n+$/, "");
}

/** Returns the control characters in a text that cannot be sent, such as `U+001B`, without duplicates. */
export function forbiddenIn(text: string): string[] {
  const found = text.match(FORBIDDEN) ?? [];
  const names = found.map((one) => `U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  return [...new Set(names)];
}

export function withoutForbidden(text: string): string {
  return text.replaceAll(FORBIDDEN, "");
}
