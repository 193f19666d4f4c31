import { digestOf } from "../../model/digest.ts";
import { forbiddenIn, type SendAnswer, type SendRequest } from "../../model/message.ts";
import { type Attempt, type MessageHost, notTyped, type Outcome, poll, proofOf } from "./attempt.ts";
import { isPasted, readPrompt } from "./read-prompt.ts";
import { typeMessage } from "./type-message.ts";

/** Seconds to wait while another message is typed. */
const LOCK_TIME = 60;

/** Milliseconds between two searches for a proof. */
const SEARCH = 250;

/** Seconds after the first Enter at which Enter is pressed again if the text is still at the prompt. */
const REPEATS = [3, 10, 30];

/** Delivers a message, or finds out whether an earlier attempt has delivered it. */
export async function deliver(host: MessageHost, request: SendRequest): Promise<SendAnswer> {
  const bad = forbiddenIn(request.text);
  if (bad.length > 0) {
    const isRetry = host.load() !== undefined;
    return { verdict: "refused", reason: "text", detail: `it contains ${bad.join(", ")}`, isRetry };
  }
  const release = await poll(host, LOCK_TIME, () => host.lock());
  let attempt: Attempt;
  let outcome: Outcome | undefined;
  try {
    // The record is read under the lock, because the session of an earlier attempt can still be running.
    attempt = attemptOf(host, request);
    outcome =
      release === undefined
        ? notTyped(attempt, "typing", "another message is being typed")
        : (earlierOutcome(attempt) ?? (await typeMessage(attempt)));
  } finally {
    release?.();
  }
  const { verdict, evidence, ...more } = outcome ?? (await awaitProof(attempt));
  if (verdict !== "refused")
    host.save({ ...attempt.message, verdict, ...(evidence !== undefined && { evidence }) });
  const { isRetry } = attempt;
  return { verdict, ...(evidence !== undefined && { evidence }), ...more, isRetry };
}

function attemptOf(host: MessageHost, request: SendRequest): Attempt {
  const known = host.load();
  const time = new Date(host.now()).toISOString();
  const { id, by, text } = request;
  const fresh = { id, digest: digestOf(text), by, time, stage: "intended", ends: {} } as const;
  return { host, request, isRetry: known !== undefined, message: known ?? fresh };
}

/** Returns the outcome of earlier attempts if the host must not type anything more. */
function earlierOutcome(attempt: Attempt): Outcome | undefined {
  const { isRetry, message, request } = attempt;
  if (!isRetry) return undefined;
  if (message.digest !== digestOf(request.text))
    return { verdict: "refused", reason: "id", detail: "another message was sent with this ID" };
  const { verdict, evidence } = message;
  if (verdict === "accepted") return { verdict, ...(evidence !== undefined && { evidence }) };
  const proof = proofOf(attempt);
  if (proof !== undefined || request.conversation !== undefined) return proof;
  return message.stage === "entered"
    ? { verdict: "delivered", detail: "it has not acknowledged the message" }
    : { verdict: "unconfirmed", detail: "an earlier attempt may have typed it" };
}

/** Waits until the agent has accepted the message. */
async function awaitProof(attempt: Attempt): Promise<Outcome> {
  const { host, request } = attempt;
  if (request.wait === 0) return { verdict: "delivered" };
  const start = host.now();
  const repeats = [...REPEATS];
  for (;;) {
    const proof = proofOf(attempt);
    if (proof !== undefined) return proof;
    const seconds = (host.now() - start) / 1000;
    if (seconds > request.wait) return withoutProof(request);
    if (seconds > (repeats[0] ?? Number.POSITIVE_INFINITY)) {
      repeats.shift();
      await repeatEnter(attempt);
    }
    await host.sleep(SEARCH);
  }
}

function withoutProof({ conversation, wait }: SendRequest): Outcome {
  if (conversation === undefined)
    return { verdict: "delivered", detail: "it has not acknowledged the message" };
  return { verdict: "unconfirmed", detail: `no record of it appeared within ${wait} s` };
}

/** Presses Enter again, but only if the text is certainly still at the prompt. */
async function repeatEnter({ host, request: { conversation, text } }: Attempt): Promise<void> {
  if (conversation === undefined) return;
  const release = host.lock();
  try {
    if (release === undefined || host.isHeld()) return;
    const prompt = readPrompt(conversation, await host.read());
    if (prompt.kind === "prompt" && isPasted(prompt.draft, text, conversation.pasted)) await host.enter();
  } catch {
    // The agent has ended in the meantime. Its transcript can still prove that it has accepted the message.
  } finally {
    release?.();
  }
}
