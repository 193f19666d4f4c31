import { type MessageOutcome, type OutMessage, parseMessages, parseOutcome } from "./message-outbox.ts";

/** The functions of the host that the delivery of messages needs; tests replace them. */
export interface MessageCourier {
  /** Reads the messages of the source. @throws Error if its queue cannot be read */
  next(): Promise<unknown>;
  /** Types a message at the prompt of its target, on the target's host. @throws Error if this is not possible now */
  type(target: string, message: OutMessage): Promise<unknown>;
  /** Returns the current name of an agent of the same tenant; undefined if there is no such agent. */
  nameNow(name: string): string | undefined;
  /** Records the outcomes in the queue of the source. */
  settle(outcomes: readonly MessageOutcome[]): Promise<void>;
}

/**
 * Delivers the messages of an agent. A message whose target cannot be reached remains in the queue of the agent. If
 * this process is killed, the next delivery asks the host of the target, which never types a message twice.
 */
export async function deliverMessages(courier: MessageCourier): Promise<void> {
  const messages = parseMessages(await courier.next());
  if (messages.length === 0) return;
  const byTarget = [...Map.groupBy(messages, ({ target }) => target).values()];
  const outcomes = await Promise.all(byTarget.map((own) => deliverInOrder(courier, own)));
  await courier.settle(outcomes.flat());
}

async function deliverInOrder(
  courier: MessageCourier,
  messages: readonly OutMessage[],
): Promise<MessageOutcome[]> {
  const outcomes: MessageOutcome[] = [];
  for (const message of messages) {
    const outcome = await deliverOne(courier, message);
    outcomes.push(outcome);
    // The later messages to this target wait, so that the target gets all messages in order.
    if ("error" in outcome) break;
  }
  return outcomes;
}

async function deliverOne(courier: MessageCourier, message: OutMessage): Promise<MessageOutcome> {
  const { id, target } = message;
  const name = courier.nameNow(target);
  if (name === undefined)
    return { id, verdict: "refused", detail: `there is no agent ${target} in this tenant` };
  try {
    return parseOutcome(id, await courier.type(name, message));
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
