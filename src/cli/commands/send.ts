import { randomBytes } from "node:crypto";
import { text as readText } from "node:stream/consumers";
import { InvalidError } from "../../base/errors.ts";
import { requester } from "../../base/requester.ts";
import {
  forbiddenIn,
  MESSAGE_ID,
  MOST_BYTES,
  messageText,
  type SendAnswer,
  withoutForbidden,
} from "../../model/message.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import { HostError } from "../../transport/host-error.ts";
import type { CommandDefinition, CommandInput } from "../command.ts";
import { codeOfVerdict, renderMessage, renderMessageJson } from "../render/message.ts";
import { type FoundAgent, findAgent, withAgentHost } from "../watch/agent-connection.ts";

/** The default and the maximum number of seconds to wait for a proof. */
const WAIT = 90;
const MOST_WAIT = 600;

export const command: CommandDefinition = {
  usage: "send <name> <text>",
  summary:
    "type a message at an agent's prompt; `send NAME --verify TEXT` waits for a proof that the agent has accepted it; with `-` as the text, read standard input",
  options: {
    "--verify": "wait for a proof that the agent has accepted the message; exit with code 6 if there is none",
    "--timeout <seconds>": `how long --verify waits (default: ${WAIT})`,
    "--id <id>": "the message's ID; with the ID of an earlier message, search for that message first",
    "--strip": "remove control characters from the text (default: refuse a text that contains them)",
    "--stack <name>": "use the login of this stack",
    "--json": "print JSON (docs/schema/send.schema.json)",
  },
  async run(input) {
    const { args, options, io } = input;
    const [name = "", words = ""] = args;
    const found = findAgent(name);
    checkPrompt(found);
    const id = idOf(options["id"]);
    const wait = options["verify"] === true ? waitOf(options["timeout"]) : 0;
    const text = await textFrom(words, input);
    const answer = await sendTo(found, options["stack"], { id, text, wait });
    const message = { agent: name, id, answer, isVerified: wait > 0 };
    io.out(options["json"] === true ? renderMessageJson(message) : renderMessage(message));
    return [codeOfVerdict(message)];
  },
};

/** @throws InvalidError if the agent's runtime reads no messages from its terminal */
function checkPrompt({ agent: { name, runtime } }: FoundAgent): void {
  const { readsNoTerminal: next } = runtimeOf(runtime);
  if (next === undefined) return;
  throw new InvalidError({
    what: `the message to ${name} was not sent`,
    why: `${runtime} reads no messages from its terminal.`,
    next,
  });
}

async function sendTo(
  found: FoundAgent,
  stack: unknown,
  message: { readonly id: string; readonly text: string; readonly wait: number },
): Promise<SendAnswer> {
  const { name, runtime } = found.agent;
  const { conversation } = runtimeOf(runtime);
  const request = {
    op: "send",
    agent: name,
    ...message,
    by: requester(),
    ...(conversation && { conversation }),
  } as const;
  let isSent = false;
  try {
    return await withAgentHost(found, stack, (controller) => {
      isSent = true;
      return controller.send(request);
    });
  } catch (error) {
    // The host may have typed the message before the connection was lost.
    if (!isSent || !(error instanceof HostError)) throw error;
    return { verdict: "unconfirmed", detail: error.message, isRetry: false };
  }
}

/** Reads the text of the message. @throws InvalidError if the text is empty or too long */
async function textFrom(words: string, { options, io }: CommandInput): Promise<string> {
  const given = messageText(words === "-" ? await readText(process.stdin) : words);
  const forbidden = options["strip"] === true ? forbiddenIn(given) : [];
  if (forbidden.length > 0) io.err(`removed from the text: ${forbidden.join(", ")}\n`);
  const text = options["strip"] === true ? withoutForbidden(given) : given;
  const refused = (why: string) => new InvalidError({ what: "the message was not sent", why });
  if (text.trim() === "") throw refused("it is empty.");
  if (Buffer.byteLength(text) > MOST_BYTES) throw refused(`it is longer than ${MOST_BYTES / 1024} KB.`);
  return text;
}

function idOf(option: string | boolean | undefined): string {
  if (option === undefined) return randomBytes(6).toString("hex");
  if (typeof option === "string" && MESSAGE_ID.test(option)) return option;
  throw new InvalidError({
    what: `--id ${JSON.stringify(option)}`,
    why: "it can have up to 64 letters, digits, `-` and `_`, and starts with a letter or a digit.",
  });
}

function waitOf(option: string | boolean | undefined): number {
  const wait = option === undefined ? WAIT : Number(option);
  if (Number.isInteger(wait) && wait > 0 && wait <= MOST_WAIT) return wait;
  throw new InvalidError({
    what: `--timeout ${JSON.stringify(option)}`,
    why: `it must be a whole number from 1 to ${MOST_WAIT}.`,
  });
}
