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
