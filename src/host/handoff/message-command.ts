import type { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { MusterError } from "../../base/errors.ts";
import { forbiddenIn, MOST_BYTES, messageText } from "../../model/message.ts";
import { partnersOf } from "../../model/routes.ts";
import {
  AGENT_EXIT,
  type AgentCommandIo,
  actAsAgent,
  HOST_IO,
  joinValues,
  print,
  runAgentCommand,
} from "../routing/agent-command-io.ts";
import { pause } from "../system/error-reason.ts";
import { queuePath, withQueue } from "../tasks/open-queue.ts";
import { findContact } from "./find-contact.ts";
import { addMessage, findMessage, type MessageRow } from "./message-outbox.ts";
import { secondsToWait, signalHostd } from "./request-handoff.ts";

const USAGE = `usage: muster message CONTACT TEXT|- [--wait SECONDS]
       muster message --id ID [--wait SECONDS]
       (each with --from NAME, if root acts for an agent; with -, the text is read from stdin)
`;

const OPTIONS = { id: { type: "string" }, wait: { type: "string" }, from: { type: "string" } } as const;

/** Milliseconds between two checks of a message's state. */
const CHECK = 100;

/**
 * Runs `muster message` on a host, with the rights of the agent that sends the message. Stores the message in the
 * agent's own queue, from which hostd delivers it.
 *
 * @returns the exit code
 */
export function runMessage(words: readonly string[], io: AgentCommandIo = HOST_IO): number {
  return runAgentCommand({ name: "muster message", usage: USAGE, io }, parse(words), (given) => {
    const { host, agent } = actAsAgent(io, given.values.from);
    return withQueue(queuePath(io.home()), host.routes, agent, (db) => {
      const { contact, text } = given;
      const id =
        given.values.id ??
        addMessage(db, findContact(io.home(), contact, partnersOf(host, agent)), textOf(text, io));
      signalHostd(agent);
      return report(db, id, io, secondsToWait(given.values));
    });
  });
}

/** Parses the command line. @returns undefined if it is invalid */
function parse(words: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: joinValues(words, OPTIONS),
      options: OPTIONS,
      allowPositionals: true,
    });
    const [contact = "", ...texts] = positionals;
    const isComplete = values.id === undefined ? texts.length > 0 : positionals.length === 0;
    return isComplete ? { values, contact, text: texts.join(" ") } : undefined;
  } catch {
    return undefined;
  }
}

/** @throws MusterError if the text cannot be typed */
function textOf(given: string, io: AgentCommandIo): string {
  const text = messageText(given === "-" ? io.stdin() : given);
  const bad = forbiddenIn(text);
  const refused = (why: string) => new MusterError({ what: "the message was not sent", why });
  if (bad.length > 0) throw refused(`it contains ${bad.join(", ")}`);
  if (text.trim() === "") throw refused("it is empty");
  // The host of the target adds the name of the sender.
  if (Buffer.byteLength(text) > MOST_BYTES - 100) throw refused(`it is longer than ${MOST_BYTES / 1024} KB`);
  return text;
}

/** Waits for the verdict, and prints it. @returns the exit code */
function report(db: DatabaseSync, id: string, io: AgentCommandIo, wait: number): number {
  const deadline = Date.now() + wait * 1000;
  for (;;) {
    const row = findMessage(db, id);
    if (row === undefined) throw new MusterError({ what: `message ${id}`, why: "there is no such message" });
    if (row.verdict !== null || Date.now() >= deadline) {
      const { target: to, verdict, detail, error } = row;
      const rest = { ...(detail !== null && { detail }), ...(error !== null && { error }) };
      print(io, { message: id, to, verdict: verdict ?? "waiting", ...rest });
      return exitOf(row);
    }
    pause(CHECK);
  }
}

function exitOf({ verdict }: MessageRow): number {
  if (verdict === null) return AGENT_EXIT.waiting;
  if (verdict === "refused") return AGENT_EXIT.goesElsewhere;
  return verdict === "unconfirmed" ? AGENT_EXIT.unconfirmed : AGENT_EXIT.done;
}
