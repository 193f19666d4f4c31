import { MESSAGE_ID, MOST_BYTES } from "../../model/message.ts";
import { isKey, MOST_KEYS } from "../../model/pane.ts";
import type { TerminalRequest } from "../../model/protocol.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";
import type { Host } from "../context.ts";
import { type Table, TERMINALS } from "../serve.ts";
import { flawOf, isMap, quoteValue, type Shape } from "./check-shape.ts";
import { refuse } from "./tenant-refusal.ts";

const NAME = /^[a-z0-9-]{1,40}$/;
const PERSON = /^.{1,200}$/;

/** The valid form of each kind of request. */
const FORMS: Readonly<Record<TerminalRequest["op"], Shape>> = {
  pane: { op: "pane", agent: NAME, after: isWhole },
  keyboard: { op: "keyboard", agent: NAME, act: /^(take|type|return)$/, by: PERSON, "keys?": isKeys },
  log: {
    op: "log",
    agent: NAME,
    last: (value) => isWhole(value) && value > 0 && value <= 100_000,
    "cursor?": /^[\w=;-]{1,500}$/,
  },
  send: {
    op: "send",
    agent: NAME,
    id: MESSAGE_ID,
    text: (value) => typeof value === "string" && value.length <= MOST_BYTES,
    wait: (value) => isWhole(value) && value <= 600,
    by: PERSON,
    "conversation?": isConversation,
  },
};

/** Lets a tenant see and use the terminals of its own agents. */
export function terminalHandlers(scope: TenantScope, account: string): Table {
  const check = (host: Host, request: TerminalRequest): Host => {
    const flaw = flawOf(request, FORMS[request.op]);
    if (flaw !== undefined) refuse(scope, `a request to ${request.op}`, `it ${flaw}`);
    if (!scope.agents.some(({ name }) => name === request.agent))
      refuse(scope, quoteValue(request.agent), "it is not an agent of this tenant");
    return { ...host, gate: { account, holds: () => false } };
  };
  return {
    pane: (host, request) => TERMINALS.pane(check(host, request), request),
    keyboard: (host, request) => TERMINALS.keyboard(check(host, request), request),
    log: (host, request) => TERMINALS.log(check(host, request), request),
    send: (host, request) => TERMINALS.send(check(host, request), request),
  };
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isKeys(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MOST_KEYS && value.every(isKey);
}

/**
 * Whether a value has the form of a conversation. The host only compares the conversation's texts with an agent's
 * screen, and reads the conversation's paths with the rights of the agent. An invalid conversation can therefore
 * deceive only the tenant itself.
 */
function isConversation(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { prompt, dialogs, busy, records, pasted } = value;
  const isText = (one: unknown) => typeof one === "string" && one.length <= 200;
  const areTexts = (one: unknown) => one === undefined || (isShortList(one) && one.every(isText));
  return (
    isMap(prompt) &&
    areTexts(prompt["marks"]) &&
    isShortList(dialogs) &&
    dialogs.every((one) => isMap(one) && isText(one["text"]) && isText(one["is"])) &&
    areTexts(busy ?? null) &&
    (pasted === undefined || isText(pasted)) &&
    isShortList(records) &&
    records.every(isRecords)
  );
}

function isRecords(value: unknown): boolean {
  if (!isMap(value)) return false;
  const { path, depth, format, tag = "", pastes = path, lines = [] } = value;
  const isRelative = (one: unknown) =>
    typeof one === "string" && /^[\w.-]+(\/[\w.-]+)*$/.test(one) && !one.split("/").includes("..");
  const isDepth = depth === undefined || (isWhole(depth) && depth <= 5);
  const isForm = (one: unknown) => isMap(one) && isMap(one["where"]) && typeof one["text"] === "string";
  return (
    isRelative(path) &&
    isRelative(pastes) &&
    isDepth &&
    typeof tag === "string" &&
    /^(jsonl|prompt-toolkit)$/.test(String(format)) &&
    isShortList(lines) &&
    lines.every(isForm)
  );
}

function isShortList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= 50;
}
