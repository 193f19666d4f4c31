import type { ModelProtocol } from "./protocol.ts";
import { type Asked, type JsonMap, listOf, mapOf, type Reply, textOf, toolOf } from "./reply.ts";

/** Anthropic's API of messages, as docs.anthropic.com describes it. */
export const messages: ModelProtocol = {
  path: /\/v1\/messages$/,
  parse,
  whole: (asked, reply) => ({ ...started(asked), content: [blockOf(reply)], stop_reason: reasonOf(reply) }),
  events,
  error: (status, message) => ({ type: "error", error: { type: ERRORS[status] ?? "api_error", message } }),
};

const ERRORS: Readonly<Record<number, string>> = {
  401: "authentication_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function parse(body: JsonMap): Asked {
  // Claude Code and OpenClaw append their own notes to the user's text.
  const said = listOf(body["messages"]).map(mapOf);
  const last = said
    .slice(said.findLastIndex(({ role }) => role === "assistant") + 1)
    .filter(({ role }) => role === "user");
  const parts = last.flatMap(({ content }) => listOf(content).map(mapOf));
  return {
    model: String(body["model"]),
    last: {
      isResult: parts.some(({ type }) => type === "tool_result"),
      text: textOf(last),
    },
    tools: listOf(body["tools"])
      .map(mapOf)
      .map(({ name, input_schema }) => toolOf(name, input_schema)),
    isStreamed: body["stream"] === true,
  };
}

let count = 0;

function started({ model }: Asked): JsonMap {
  count += 1;
  const usage = { input_tokens: 10, output_tokens: 1 };
  return {
    id: `msg_${count}`,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    usage,
  };
}

function blockOf(reply: Reply): JsonMap {
  if ("text" in reply) return { type: "text", text: reply.text };
  return { type: "tool_use", id: `toolu_${Date.now()}`, name: reply.tool, input: reply.input };
}

function reasonOf(reply: Reply): string {
  return "text" in reply ? "end_turn" : "tool_use";
}

function events(asked: Asked, reply: Reply): JsonMap[] {
  const block = blockOf(reply);
  const isText = "text" in reply;
  const delta = isText
    ? { type: "text_delta", text: reply.text }
    : { type: "input_json_delta", partial_json: JSON.stringify(reply.input) };
  return [
    { type: "message_start", message: started(asked) },
    {
      type: "content_block_start",
      index: 0,
      content_block: { ...block, ...(isText ? { text: "" } : { input: {} }) },
    },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: reasonOf(reply) }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ];
}
