import { MusterError } from "../../base/errors.ts";
import type { PaneAnswer } from "../../model/pane.ts";
import type { ScreenRow } from "../../model/screen.ts";
import type { Host } from "../context.ts";
import { type AgentTerminal, openTerminal, type TerminalState } from "./agent-terminal.ts";

/** The connection of this session to one agent's terminal, and the last screen that the client has received. */
export interface PaneView {
  readonly terminal: AgentTerminal;
  /** The number of the last screen; 0 before the first screen. */
  number: number;
  /** The last screen without its rows, as JSON. `rows` contains each row as JSON. */
  frame: string;
  rows: readonly string[];
}

const views = new Map<string, PaneView>();

/** Whether the session has ended. After that, no view can be opened. */
let isOver = false;

/** Returns the view of an agent's terminal. Opens it if necessary. @throws MusterError if the agent does not run */
function viewOf(host: Host, agent: string): PaneView {
  const open = views.get(agent);
  if (open !== undefined) return open;
  if (isOver) throw new MusterError({ what: agent, why: "the session has ended." });
  const view: PaneView = { terminal: openTerminal(host, agent), number: 0, frame: "", rows: [] };
  views.set(agent, view);
  void view.terminal.ended.then(() => {
    if (views.get(agent) === view) views.delete(agent);
  });
  return view;
}

/**
 * Uses the terminal of an agent. After an error, the next use opens the terminal again, because the agent can have
 * been restarted.
 */
export async function withView<T>(
  host: Host,
  agent: string,
  use: (view: PaneView) => Promise<T>,
): Promise<T> {
  const view = viewOf(host, agent);
  try {
    return await use(view);
  } catch (error) {
    if (views.get(agent) === view) views.delete(agent);
    await view.terminal.close();
    throw error;
  }
}

/** Closes all views of this session after the session has ended. */
export async function closeViews(): Promise<void> {
  isOver = true;
  const open = [...views.values()];
  views.clear();
  await Promise.all(open.map(({ terminal }) => terminal.close()));
}

/**
 * Compares a screen with the last screen of the view, and stores the new screen as the last screen.
 *
 * @param isKnown whether the client has the last screen
 * @returns the answer for the client; undefined if the client already has this screen
 */
export function nextAnswer(
  view: PaneView,
  { width, height, cursor, rows }: TerminalState,
  more: Pick<PaneAnswer, "holder">,
  isKnown: boolean,
): PaneAnswer | undefined {
  const head = { width, height, ...(cursor && { cursor }), ...more };
  const frame = JSON.stringify(head);
  const texts = rows.map((row) => JSON.stringify(row));
  const most = Math.max(texts.length, view.rows.length);
  const indexes = Array.from({ length: most }, (_, i) => i);
  const changed = indexes.filter((i) => texts[i] !== view.rows[i]);
  if (isKnown && changed.length === 0 && frame === view.frame) return undefined;
  Object.assign(view, { number: view.number + 1, frame, rows: texts });
  const sent = isKnown ? changed : indexes;
  const bodies = sent.map((i): [number, ScreenRow] => [i, rows[i] ?? []]);
  return { number: view.number, ...head, isComplete: !isKnown, rows: Object.fromEntries(bodies) };
}

/** Returns the answer for an unchanged screen. */
export function unchangedAnswer(view: PaneView): PaneAnswer {
  const head = JSON.parse(view.frame) as Pick<PaneAnswer, "width" | "height" | "cursor" | "holder">;
  return { number: view.number, ...head, isComplete: false, rows: {} };
}
