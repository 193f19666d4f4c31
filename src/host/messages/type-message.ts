import type { Conversation } from "../../model/conversation.ts";
import { type Attempt, notTyped, type Outcome, poll, proofOf } from "./attempt.ts";
import type { MessageRecord } from "./message-store.ts";
import { isPasted, readPrompt } from "./read-prompt.ts";

/** Seconds to wait for the prompt of a program that has just started. */
const PROMPT_TIME = 10;

/** Seconds to wait until a pasted text is on the screen. */
const SHOW_TIME = 10;

/** Milliseconds between a paste and Enter: Claude Code would treat an earlier Enter as a part of the paste. */
const REST = 300;

/**
 * Seconds after an attempt until a transcript without the message proves that the message has not arrived. A runtime
 * can record a message some time after it has accepted the message.
 */
const SETTLED = 30;

/**
 * Types a message, with Enter. The text of an earlier attempt is pasted again only if the transcript proves that the
 * text has not arrived.
 *
 * @returns undefined if the message was typed; otherwise the outcome with the reason
 */
export async function typeMessage(attempt: Attempt): Promise<Outcome | undefined> {
  const { host, request, isRetry } = attempt;
  const { conversation } = request;
  if (host.isHeld()) return notTyped(attempt, "takeover", "a person types at its terminal");
  let isRecorded = isRetry;
  try {
    const ready = conversation ? await readyPrompt(attempt, conversation) : await readyTerminal(attempt);
    if (ready !== "empty" && ready !== "pasted") return ready;
    if (ready === "empty") {
      if (!isRetry) attempt.message = { ...attempt.message, ends: host.ends() };
      save(attempt, { stage: "intended", attempted: new Date(host.now()).toISOString() });
      isRecorded = true;
      await host.paste();
      save(attempt, { stage: "pasted" });
      const obstacle = conversation && (await obstacleToEnter(attempt, conversation));
      if (obstacle) return { verdict: "unconfirmed", detail: `${obstacle}, so Enter was not pressed` };
      await host.sleep(REST);
    }
    await host.enter();
    save(attempt, { stage: "entered" });
    return undefined;
  } catch (error) {
    // Nothing is typed before the message is recorded, so no message is unconfirmed here.
    if (!isRecorded) throw error;
    return { verdict: "unconfirmed", detail: error instanceof Error ? error.message : String(error) };
  }
}

function save(attempt: Attempt, change: Partial<MessageRecord>): void {
  attempt.message = { ...attempt.message, ...change };
  attempt.host.save(attempt.message);
}

/** The state of a prompt at which the message can be typed. `pasted`: an earlier attempt's text is still there. */
type Ready = "empty" | "pasted";

/** Checks a terminal whose program has no known prompt. */
async function readyTerminal(attempt: Attempt): Promise<Ready | Outcome> {
  const { isDead, isScrolled } = await attempt.host.read();
  if (isDead) return notTyped(attempt, "dead", "its program has ended");
  return isScrolled ? notTyped(attempt, "scrolled", "somebody has scrolled its terminal up") : "empty";
}

/** Waits for the prompt, and checks that the message can be typed there. */
async function readyPrompt(attempt: Attempt, conversation: Conversation): Promise<Ready | Outcome> {
  const { host, request, isRetry } = attempt;
  let reason = notTyped(attempt, "starting", "it has shown no prompt yet");
  const ready = await poll(host, PROMPT_TIME, async (): Promise<Ready | Outcome | undefined> => {
    const state = await host.read();
    if (state.isDead) return notTyped(attempt, "dead", "its program has ended");
    if (state.isScrolled) return notTyped(attempt, "scrolled", "somebody has scrolled its terminal up");
    const prompt = readPrompt(conversation, state);
    if (prompt.kind === "none") {
      if (prompt.isBusy)
        reason = notTyped(attempt, "busy", "it works, and a message would interrupt its work");
      return undefined;
    }
    if (prompt.kind === "dialog") return notTyped(attempt, prompt.is, `it shows a dialog (${prompt.is})`);
    if (prompt.draft === "") return "empty";
    if (isRetry && isPasted(prompt.draft, request.text, conversation.pasted)) return "pasted";
    reason = notTyped(attempt, "draft", "somebody's text is at the prompt");
    return undefined;
  });
  if (ready === "empty" && isRetry) return (await missingProof(attempt, conversation)) ?? ready;
  return ready ?? reason;
}

/**
 * Finds out whether the text of an earlier attempt has certainly not arrived.
 *
 * @returns undefined if the text has certainly not arrived
 */
async function missingProof(attempt: Attempt, conversation: Conversation): Promise<Outcome | undefined> {
  const { host, message } = attempt;
  const settled = Date.parse(message.attempted ?? message.time) + SETTLED * 1000;
  const late = await poll(host, Math.max(0, settled - host.now()) / 1000, () => proofOf(attempt));
  if (late !== undefined) return late;
  const prompt = readPrompt(conversation, await host.read());
  const isIdle = prompt.kind === "prompt" && prompt.draft === "" && !prompt.isBusy;
  const { found, isComplete } = host.search(message.ends);
  if (found === undefined && isIdle && isComplete && conversation.records.length > 0) return undefined;
  return proofOf(attempt) ?? { verdict: "unconfirmed", detail: "an earlier attempt may still arrive" };
}

/** Waits until the pasted text is at the prompt. @returns why the text is not there; undefined if it is there */
async function obstacleToEnter(
  { host, request }: Attempt,
  conversation: Conversation,
): Promise<string | undefined> {
  const seen = await poll(host, SHOW_TIME, async () => {
    const prompt = readPrompt(conversation, await host.read());
    if (prompt.kind === "dialog") return "a dialog has opened";
    const isShown = prompt.kind === "prompt" && isPasted(prompt.draft, request.text, conversation.pasted);
    return isShown ? "shown" : undefined;
  });
  return seen === "shown" ? undefined : (seen ?? "the text has not appeared at the prompt");
}
