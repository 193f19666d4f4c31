import type { Conversation } from "../../model/conversation.ts";
import { CONVERSATIONS_FILE, STATE_DIR } from "../../model/host-paths.ts";
import type { SendAnswer } from "../../model/message.ts";
import type { Host } from "../context.ts";
import { readMessages } from "../messages/message-store.ts";
import { send } from "../messages/send.ts";
import { readOwn } from "../store/state-files.ts";

/** The maximum number of messages that one agent can send to another agent within an hour. */
const MOST_PER_HOUR = 60;

/** Seconds to wait for a proof that the target has accepted a message. */
const WAIT = 10;

/** The sender of a message. */
export interface MessageSender {
  readonly agent: string;
  /** The sender's host; absent if it is this host. */
  readonly host?: string;
}

/**
 * Types a message of one agent at the prompt of another agent on this host, as `fleet send` does. The text begins with
 * the name of the sender.
 *
 * @throws Error if the sender has sent too many messages
 */
export async function typeForAgent(
  host: Host,
  { agent: sender, host: from }: MessageSender,
  target: string,
  { id, text }: { readonly id: string; readonly text: string },
): Promise<SendAnswer> {
  const by = `agent ${sender}${from === undefined ? "" : ` on ${from}`}`;
  const messageId = `${sender.slice(0, 40)}-${id}`;
  refuseFlood(host, target, by, messageId);
  const conversation = conversationOf(host, target);
  return send(host, {
    ...{ op: "send", agent: target, id: messageId, text: `Message from ${sender}: ${text}`, wait: WAIT, by },
    ...(conversation && { conversation }),
  });
}

function refuseFlood(host: Host, target: string, by: string, id: string): void {
  const hourAgo = Date.now() - 3_600_000;
  const recent = readMessages(host, target).filter(
    (one) => one.by === by && one.id !== id && Date.parse(one.time) > hourAgo,
  );
  if (recent.length >= MOST_PER_HOUR)
    throw new Error(`${target} has had ${MOST_PER_HOUR} messages of this agent within an hour`);
}

/** Returns how the target's runtime shows its prompt, as `up` has written it. */
function conversationOf(host: Host, agent: string): Conversation | undefined {
  const text = readOwn(CONVERSATIONS_FILE.replace(STATE_DIR, host.paths.state))?.toString("utf8");
  return text === undefined ? undefined : (JSON.parse(text) as Readonly<Record<string, Conversation>>)[agent];
}
