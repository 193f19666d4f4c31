import { MusterError } from "../../base/errors.ts";
import type { KeyboardAnswer, KeyboardHolder, KeyboardRequest } from "../../model/pane.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { loginAddress } from "../accounts/login-users.ts";
import type { Host } from "../context.ts";
import { record } from "../reports/history.ts";
import { tryResourceLock } from "../system/locks.ts";
import { readKeyboardHolder, removeKeyboardHolder, writeKeyboardHolder } from "../units/keyboard.ts";
import { withView } from "./pane-views.ts";

/**
 * Seconds without a request for a screen after which a keyboard is returned, because the client has probably
 * disconnected.
 */
const PATIENCE = 15;

/** The keyboards that this session holds, by agent. */
const held = new Map<
  string,
  { readonly holder: KeyboardHolder; lastSeen: number; readonly timer: NodeJS.Timeout }
>();

/** Serves the request `keyboard`. */
export async function keyboard(host: Host, request: KeyboardRequest): Promise<KeyboardAnswer> {
  const { agent, act, by, keys = [] } = request;
  if (act === "take") return { holder: takeKeyboard(host, agent, by) };
  const mine = held.get(agent);
  if (mine === undefined) throw lost(agent);
  if (act === "type") await withView(host, agent, ({ terminal }) => terminal.type(keys));
  else returnKeyboard(host, agent, "by the person");
  return { holder: mine.holder };
}

/** Records that the client of this session still requests an agent's screen. */
export function keepKeyboard(agent: string): void {
  const mine = held.get(agent);
  if (mine !== undefined) mine.lastSeen = Date.now();
}

/** Gives up all keyboards that this session holds. */
export function returnAllKeyboards(host: Host): void {
  for (const agent of [...held.keys()]) returnKeyboard(host, agent, "because the connection has ended");
}

/**
 * Returns the name of an agent's typing lock. A session holds this lock while it takes the keyboard or types a message.
 */
export function typingLock(agent: string): string {
  return `typing at ${agent}`;
}

function takeKeyboard(host: Host, agent: string, by: string): KeyboardHolder {
  const release = tryResourceLock(host, typingLock(agent));
  if (release === undefined)
    throw refused(agent, "a message is being typed there.", "Try again in a few seconds.");
  try {
    const other = readKeyboardHolder(host, agent);
    if (other !== undefined)
      throw refused(agent, `${other.by} has held it since ${other.since}.`, "Watch it without --takeover.");
    const from = loginAddress();
    const who = host.gate === undefined ? by : `${by} (${host.gate.account})`;
    const holder = { by: who, ...(from !== undefined && { from }), since: new Date().toISOString() };
    record(host, [{ event: "keyboard-taken", agent, detail: `by ${personOf(holder)}` }]);
    writeKeyboardHolder(host, agent, holder);
    const timer = setInterval(() => returnIfSilent(host, agent), 1000).unref();
    held.set(agent, { holder, lastSeen: Date.now(), timer });
    return holder;
  } finally {
    release();
  }
}

function returnIfSilent(host: Host, agent: string): void {
  const { lastSeen = 0 } = held.get(agent) ?? {};
  if (Date.now() - lastSeen > PATIENCE * 1000)
    returnKeyboard(host, agent, `because the client requested no screen for ${PATIENCE} s`);
}

function returnKeyboard(host: Host, agent: string, how: string): void {
  const mine = held.get(agent);
  if (mine === undefined) return;
  held.delete(agent);
  clearInterval(mine.timer);
  removeKeyboardHolder(host, agent);
  record(host, [
    { event: "keyboard-returned", agent, detail: `${how}; it was held by ${personOf(mine.holder)}` },
  ]);
}

/** Returns the text for a person in the history: the name and the address. */
function personOf({ by, from }: KeyboardHolder): string {
  return `${shown(by)}${from === undefined ? "" : ` from ${shown(from)}`}`;
}

function refused(agent: string, why: string, next: string): MusterError {
  return new MusterError({ what: `the keyboard of ${agent} was not taken`, why, next });
}

function lost(agent: string): MusterError {
  return new MusterError({
    what: `nothing was typed at ${agent}`,
    why: "this session does not hold its keyboard.",
  });
}
