/**
 * The description of how a runtime shows its prompt and its dialogs on the terminal. The description is plain data,
 * because it is sent to the host in requests and in the deadman's policy.
 */
export interface ScreenForm {
  readonly prompt: Prompt;
  /**
   * The texts of the runtime's dialogs. A message must not answer a dialog, and an agent must not wait for a dialog for
   * a long time.
   */
  readonly dialogs: readonly DialogText[];
  /** The texts that the runtime shows only while it works. */
  readonly busy: readonly string[];
}

/** The description of how a runtime uses its terminal, and where it records accepted messages. */
export interface Conversation extends ScreenForm {
  /** The placeholder that the runtime shows for a long pasted text; absent if the runtime always shows the text. */
  readonly pasted?: string;
  readonly records: readonly MessageRecords[];
}

/**
 * The files in which a runtime records that a turn has ended without an answer, for example because the provider has
 * failed. The runtime appends to these files.
 */
export interface FailureRecords {
  /** The folder of the files, or a single file, relative to the home. */
  readonly path: string;
  /** The number of folder levels between `path` and the files; absent if `path` is a file. */
  readonly depth?: number;
  /** `jsonl`: one JSON object on each line. `log`: the lines of a log. */
  readonly format: "jsonl" | "log";
  /** The values that a failure's line must have, by path; only with `jsonl`. */
  readonly where?: Readonly<Record<string, string>>;
  /** The path of the reason, which only a failure has; only with `jsonl`. */
  readonly reason?: string;
  /** The values of the line that follows if the runtime tries the turn again; only with `jsonl`. */
  readonly retriedBy?: Readonly<Record<string, string>>;
  /** The texts with which the reason begins, on the line of a failure; only with `log`. */
  readonly marks?: readonly string[];
}

/** Whether a value is a valid list of FailureRecords. The value is checked because a tenant's stack can write it. */
export function areFailureRecords(value: unknown): value is readonly FailureRecords[] {
  return isListOf(value, (one) => {
    const {
      path,
      depth,
      format,
      where = {},
      reason,
      retriedBy = {},
      marks = [],
    } = one as Partial<FailureRecords>;
    const isSound = format === "jsonl" ? isText(reason) : format === "log" && marks.length > 0;
    return (
      isSound &&
      isText(path) &&
      !`${path}`.split("/").includes("..") &&
      (depth === undefined || [0, 1, 2, 3, 4].includes(depth)) &&
      [where, retriedBy].every((map) => Object.values(map).every(isText)) &&
      isListOf(marks, isText)
    );
  });
}

export interface Prompt {
  /** The characters that the runtime shows before the text that a person types. */
  readonly marks?: readonly string[];
  /** Present if two horizontal lines enclose the text that a person types. */
  readonly isBetweenLines?: true;
}

export const DIALOGS = ["menu", "permission", "question", "login"] as const;

export type Dialog = (typeof DIALOGS)[number];

export interface DialogText {
  readonly text: string;
  readonly is: Dialog;
}

/** Whether a value is a valid ScreenForm. The value is checked because a tenant's stack can write it. */
export function isScreenForm(value: unknown): value is ScreenForm {
  const { prompt, dialogs, busy } = (value ?? {}) as Partial<Record<keyof ScreenForm, unknown>>;
  const { marks = [], isBetweenLines } = (prompt ?? { marks: 0 }) as Record<keyof Prompt, unknown>;
  const isDialog = ({ text, is }: Partial<Record<keyof DialogText, unknown>>) =>
    isText(text) && (DIALOGS as readonly unknown[]).includes(is);
  return (
    isListOf(marks, isText) &&
    (isBetweenLines === undefined || isBetweenLines === true) &&
    isListOf(dialogs, (one) => isDialog(one ?? {})) &&
    isListOf(busy, isText)
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** Whether a value is a short list of valid entries. */
function isListOf(value: unknown, isValid: (entry: object) => boolean): boolean {
  return Array.isArray(value) && value.length <= 100 && value.every(isValid);
}

/** The files in which a runtime records messages. The runtime appends each new message. */
export interface MessageRecords {
  /** The folder of the files, or a single file, relative to the home. */
  readonly path: string;
  /** The number of folder levels between `path` and the files; absent if `path` is a file. */
  readonly depth?: number;
  /** `jsonl`: one JSON object on each line. `prompt-toolkit`: the history of the Python package prompt_toolkit. */
  readonly format: "jsonl" | "prompt-toolkit";
  /**
   * The name of the tags between which the runtime records a pasted text: `<NAME id="0a1b">` and
   * `</NAME id="0a1b">`. Absent if the runtime uses no such tags.
   */
  readonly tag?: string;
  /**
   * The folder, relative to the home, in which the runtime stores long pasted texts. Its record then contains
   * `[Pasted text #1: 9 lines → FILE]` in place of such a text. Absent if the runtime always records the text.
   */
  readonly pastes?: string;
  /** The forms of a message's line; only with `jsonl`. */
  readonly lines?: readonly MessageLine[];
}

/** The form of the lines that contain a message. */
export interface MessageLine {
  /** The values that such a line must have, by path, such as `{"message.role": "user"}`. */
  readonly where: Readonly<Record<string, string>>;
  /** The path of the message's text: a string, or a list of parts with a `text` each. */
  readonly text: string;
  /** Whether such a line means that the runtime has queued the message until its current work is finished. */
  readonly isQueued?: true;
}

export const ON_IDENTITY_CHANGE = ["fresh", "resume"] as const;

/** Whether the first start after a change of an agent's identity begins a new conversation, or continues the former one. */
export type OnIdentityChange = (typeof ON_IDENTITY_CHANGE)[number];

/** How a program has started: muster-session writes one of these words. */
export const CONVERSATION_STARTS = ["new", "resumed", "lost", "identity", "busy"] as const;

/** What muster-session says about the start of an agent's program. */
export interface ConversationStart {
  /**
   * `new`: the home contained no conversation. `resumed`: the program continues its conversation. `lost`: the home
   * contains no record of the conversation. `identity`: the identity has changed. `busy`: another process has the
   * conversation. In all cases except `resumed`, the program has begun a new conversation.
   */
  readonly how: (typeof CONVERSATION_STARTS)[number];
  /** The digest of the identity that the conversation has; absent if it is not known. */
  readonly identity?: string;
  /** The ID of the conversation that is continued, or that can no longer be continued; absent if it is not known. */
  readonly id?: string;
}

/** Parses the line of muster-session. @returns undefined if the line is invalid, because the agent can write it */
export function parseConversationStart(line: string): ConversationStart | undefined {
  const [, how, identity, id] = /^([a-z]{3,8}) ([0-9a-f]{64}|-) ([0-9a-f-]{1,36})\n?$/.exec(line) ?? [];
  const known = CONVERSATION_STARTS.find((one) => one === how);
  if (known === undefined) return undefined;
  return {
    how: known,
    ...(identity !== "-" && { identity }),
    ...(id !== "-" && { id }),
  } as ConversationStart;
}

/**
 * Reads the text of the file with the digest of an agent's identity. @returns the digest; undefined if the text is
 * invalid
 */
export function parseIdentityDigest(text: string): string | undefined {
  return /^([0-9a-f]{64}) (?:fresh|resume)\n$/.exec(text)?.[1];
}
