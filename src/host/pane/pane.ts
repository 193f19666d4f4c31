import { setTimeout } from "node:timers/promises";
import type { PaneAnswer, PaneRequest } from "../../model/pane.ts";
import type { Host } from "../context.ts";
import { readKeyboardHolder } from "../units/keyboard.ts";
import { keepKeyboard } from "./keyboard.ts";
import { nextAnswer, type PaneView, unchangedAnswer, withView } from "./pane-views.ts";

/** Milliseconds between two reads of a terminal. A change must reach the client within 200 ms. */
const INTERVAL = 80;

/** Milliseconds after which a request is answered although nothing has changed. */
const LONGEST = 1000;

/** Milliseconds in which systemd restarts an agent that has ended. */
const RESTART_TIME = 2000;

/** Serves the request `pane`: waits until the terminal differs from the screen that the client has. */
export async function pane(host: Host, request: PaneRequest): Promise<PaneAnswer> {
  const { agent } = request;
  try {
    return await withView(host, agent, (view) => nextScreen(host, request, view));
  } catch (error) {
    if (request.after === 0) throw error;
    await setTimeout(RESTART_TIME);
    return withView(host, agent, (view) => nextScreen(host, request, view));
  }
}

async function nextScreen(host: Host, { agent, after }: PaneRequest, view: PaneView): Promise<PaneAnswer> {
  const end = Date.now() + LONGEST;
  for (;;) {
    keepKeyboard(agent);
    const state = await view.terminal.read();
    const holder = readKeyboardHolder(host, agent);
    const isKnown = after !== 0 && after === view.number;
    const answer = nextAnswer(view, state, holder === undefined ? {} : { holder }, isKnown);
    if (answer !== undefined) return answer;
    if (Date.now() > end) return unchangedAnswer(view);
    await setTimeout(INTERVAL);
  }
}
