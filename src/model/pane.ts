import type { ScreenRow } from "./screen.ts";

/** The person who currently types at an agent's terminal. */
export interface KeyboardHolder {
  /** The person, as `user@host`, with the names from the person's own machine. */
  readonly by: string;
  /** The address from which the person has logged in; absent if the address is not known. */
  readonly from?: string;
  /** The time since which the person has the keyboard (UTC, ISO 8601). */
  readonly since: string;
}

/**
 * Requests the screen of an agent's terminal. The host waits for a change of the screen for at most one second before
 * it answers.
 */
export interface PaneRequest {
  readonly op: "pane";
  readonly agent: string;
  /** The number of the screen that the client has; 0 if the client has no screen. */
  readonly after: number;
}

export interface PaneAnswer {
  /** The number of this screen, above 0. */
  readonly number: number;
  readonly width: number;
  readonly height: number;
  /** The position of the cursor; absent if the program has hidden the cursor. */
  readonly cursor?: { readonly x: number; readonly y: number };
  /** Whether `rows` contains all rows. Otherwise, it contains only the rows that differ from the client's screen. */
  readonly isComplete: boolean;
  /** The rows, by their index. */
  readonly rows: Readonly<Record<number, ScreenRow>>;
  /** The person who types at the terminal; absent if nobody does. */
  readonly holder?: KeyboardHolder;
}

/**
 * Takes the keyboard of an agent, types on it, or returns it. The host returns the keyboard itself if the session
 * ends, or if the client requests no screen for some seconds.
 */
export interface KeyboardRequest {
  readonly op: "keyboard";
  readonly agent: string;
  readonly act: "take" | "type" | "return";
  /** The person who types, for the history. */
  readonly by: string;
  /** Only with `type`: the keys. Each key is a name in KEY_NAMES, or bytes in hexadecimal. */
  readonly keys?: readonly string[];
}

export interface KeyboardAnswer {
  readonly holder: KeyboardHolder;
}

/** The names in tmux of the keys that terminals encode in different ways. */
export const KEY_NAMES = [
  ...["Up", "Down", "Right", "Left", "Home", "End", "PageUp", "PageDown", "Insert", "Delete", "BTab"],
  ...["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"],
];

/** The maximum number of keys in one request. */
export const MOST_KEYS = 1000;

/** Whether a value is a key of a keyboard request. */
export function isKey(key: unknown): key is string {
  return typeof key === "string" && (KEY_NAMES.includes(key) || /^([0-9a-f]{2}){1,1000}$/.test(key));
}

/** Requests the journal of an agent's unit, and the content and the history of its terminal. */
export interface LogRequest {
  readonly op: "log";
  readonly agent: string;
  /** The maximum number of entries of the journal, and of lines of the terminal. */
  readonly last: number;
  /**
   * The position after which the journal is read; see `cursor` of the answer. If absent, the last entries are returned.
   */
  readonly cursor?: string;
}

export interface LogAnswer {
  readonly entries: readonly LogEntry[];
  /** The position after the last entry; absent if the journal has no entries. */
  readonly cursor?: string;
  /** Lines of the terminal, oldest first. Absent if the agent does not run. */
  readonly pane?: readonly string[];
}

export interface LogEntry {
  /** The time of the entry (UTC, ISO 8601). */
  readonly time: string;
  /** The program that has written the entry. */
  readonly program: string;
  readonly text: string;
}
