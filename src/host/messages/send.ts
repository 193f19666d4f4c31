import { lstatSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { digestOf } from "../../model/digest.ts";
import { agentRunDir, agentUnit } from "../../model/host-paths.ts";
import type { SendAnswer, SendRequest } from "../../model/message.ts";
import { shown } from "../../model/shorten-for-display.ts";
import { asUser } from "../accounts/as-user.ts";
import { type Account, accountOf, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { type AgentTerminal, isAgentRunning, openTerminal } from "../pane/agent-terminal.ts";
import { typingLock } from "../pane/keyboard.ts";
import { record } from "../reports/history.ts";
import { tryResourceLock } from "../system/locks.ts";
import { readKeyboardHolder } from "../units/keyboard.ts";
import { showProperties } from "../units/systemctl.ts";
import type { MessageHost } from "./attempt.ts";
import { deliver } from "./deliver.ts";
import { type MessageRecord, readMessage, readMessages, writeMessage } from "./message-store.ts";
import { findInTranscripts, type OtherMessages, transcriptEnds } from "./transcript.ts";

/** Serves the request `send`, and records the verdict in the history. */
export async function send(host: Host, request: SendRequest): Promise<SendAnswer> {
  const answer = await deliverTo(host, request);
  const { agent, id, by } = request;
  const who = host.gate === undefined ? by : `${by} (${host.gate.account})`;
  const reason = answer.reason === undefined ? "" : ` (${answer.reason})`;
  const detail = `${id} from ${shown(who)}: ${answer.verdict}${reason}`;
  record(host, [{ event: "message", agent, detail }]);
  return answer;
}

async function deliverTo(host: Host, request: SendRequest): Promise<SendAnswer> {
  const { agent, id } = request;
  const isRetry = readMessage(host, agent, id) !== undefined;
  if (!isAgentRunning(host, agent)) {
    const detail = "it does not run";
    return isRetry
      ? { verdict: "unconfirmed", detail, isRetry }
      : { verdict: "refused", reason: "dead", detail, isRetry };
  }
  const terminal = openTerminal(host, agent);
  try {
    return await deliver(messageHost(host, request, terminal), request);
  } finally {
    await terminal.close();
  }
}

function messageHost(host: Host, request: SendRequest, terminal: AgentTerminal): MessageHost {
  const { agent, id, text, conversation } = request;
  const account = accountOfAgent(host, agent);
  const records = conversation?.records ?? [];
  const { home } = account;
  return {
    load: () => readMessage(host, agent, id),
    save: (message) => writeMessage(host, agent, message),
    isHeld: () => readKeyboardHolder(host, agent) !== undefined,
    isAcknowledged: () => asUser(account, () => isFile(`${agentRunDir(agent)}/acks/${id}`)),
    ends: () => asUser(account, () => transcriptEnds(home, records)),
    search: (ends) => {
      const search = (others: OtherMessages) =>
        asUser(account, () => findInTranscripts(home, records, ends, text, others));
      // Most searches find nothing. The other messages are read only after a search has found something.
      const first = search({ claimed: new Set(), rivals: 0 });
      return first.found === undefined ? first : search(otherMessages(host, request));
    },
    read: terminal.read,
    paste: () => terminal.paste(`muster-${id}`, text),
    enter: () => terminal.type(["Enter"]),
    lock: () => tryResourceLock(host, typingLock(agent)),
    sleep: (milliseconds) => setTimeout(milliseconds),
    now: Date.now,
  };
}

/** Milliseconds after which a runtime no longer records a message that is not proved yet. */
const RECENT = 10 * 60_000;

function otherMessages(host: Host, { agent, id, text }: SendRequest): OtherMessages {
  const others = readMessages(host, agent).filter((one) => one.id !== id);
  const claimed = new Set(others.flatMap(({ evidence }) => evidence ?? []));
  const digest = digestOf(text);
  const isRival = (one: MessageRecord) =>
    one.digest === digest &&
    one.evidence === undefined &&
    Date.now() - Date.parse(one.attempted ?? one.time) < RECENT;
  return { claimed, rivals: others.filter(isRival).length };
}

function accountOfAgent(host: Host, agent: string): Account {
  const [state = {}] = showProperties(host, [agentUnit(agent)], ["User"]);
  return accountOf(readAccounts(host.paths.etc), state["User"] ?? "");
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
