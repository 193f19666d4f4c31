import type { RefusalReason, SendAnswer, SendRequest } from "../../model/message.ts";
import type { TerminalState } from "../pane/agent-terminal.ts";
import type { MessageRecord } from "./message-store.ts";
import type { TranscriptEnds, TranscriptSearch } from "./transcript.ts";

/** The functions of the host that the delivery of a message needs. Tests replace them. */
export interface MessageHost {
  /** Returns the record of this message; undefined if it was never sent. */
  load(): MessageRecord | undefined;
  save(message: MessageRecord): void;
  /** Whether somebody has taken the keyboard of the agent. */
  isHeld(): boolean;
  /** Whether the agent has acknowledged the message with `muster-ack`. */
  isAcknowledged(): boolean;
  ends(): TranscriptEnds;
  search(ends: TranscriptEnds): TranscriptSearch;
  read(): Promise<TerminalState>;
  paste(): Promise<void>;
  enter(): Promise<void>;
  /**
   * Takes the lock that allows only one message to be typed at a time. Returns undefined if another session holds the
   * lock.
   */
  lock(): (() => void) | undefined;
  sleep(milliseconds: number): Promise<void>;
  /** In milliseconds. */
  now(): number;
}

/** The delivery of one message. */
export interface Attempt {
  readonly host: MessageHost;
  readonly request: SendRequest;
  /** Whether an earlier attempt may have typed the message. */
  readonly isRetry: boolean;
  message: MessageRecord;
}

export type Outcome = Omit<SendAnswer, "isRetry">;

/** Returns the outcome if there is a proof that the agent has accepted the message. */
export function proofOf({ host, message }: Attempt): Outcome | undefined {
  if (host.isAcknowledged()) return { verdict: "accepted", evidence: "muster-ack" };
  const { found } = host.search(message.ends);
  return found && { verdict: found.isQueued ? "queued" : "accepted", evidence: found.place };
}

/** Returns the outcome if this attempt has typed nothing. An earlier attempt may have delivered the message. */
export function notTyped(
  { isRetry }: Pick<Attempt, "isRetry">,
  reason: RefusalReason,
  detail: string,
): Outcome {
  return isRetry ? { verdict: "unconfirmed", detail } : { verdict: "refused", reason, detail };
}

/** Calls `look` ten times a second until it returns a value, for at most `seconds`. */
export async function poll<T>(
  host: MessageHost,
  seconds: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  const end = host.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined || host.now() > end) return found;
    await host.sleep(100);
  }
}
