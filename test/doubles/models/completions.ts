import type { ModelProtocol } from "./protocol.ts";
import { type Asked, type JsonMap, listOf, mapOf, type Reply, textOf, toolOf } from "./reply.ts";

/** OpenAI's API of chat completions, which most other vendors also have. */
export const completions: ModelProtocol = {
  path: /\/chat\/completions$/,
  parse,
  whole: (asked, reply) => ({
    ...frame(asked, "chat.completion"),
    choices: [
      { index: 0, message: { role: "assistant", ...contentOf(reply) }, finish_reason: reasonOf(reply) },
    ],
    usage: USAGE,
  }),
  events: (asked, reply) => [
    chunk(asked, { role: "assistant", content: "" }, null),
    chunk(asked, contentOf(reply), null),
    { ...chunk(asked, {}, reasonOf(reply)), usage: USAGE },
  ],
  end: "[DONE]",
  error: (status, message) => ({ error: { type: "error", code: String(status), message } }),
};

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function parse(body: JsonMap): Asked {
  const said = listOf(body["messages"]).map(mapOf);
  const last = said.findLast(({ role }) => role === "user" || role === "tool") ?? {};
  return {
    model: String(body["model"]),
    last: { isResult: last["role"] === "tool", text: textOf(last["content"]) },
    tools: listOf(body["tools"])
      .map((tool) => mapOf(mapOf(tool)["function"]))
      .map(({ name, parameters }) => toolOf(name, parameters)),
    isStreamed: body["stream"] === true,
  };
}

let count = 0;

function contentOf(reply: Reply): JsonMap {
  if ("text" in reply) return { content: reply.text };
  count += 1;
  const call = { name: reply.tool, arguments: JSON.stringify(reply.input) };
  return { content: null, tool_calls: [{ index: 0, id: `call_${count}`, type: "function", function: call }] };
}

function reasonOf(reply: Reply): string {
  return "text" in reply ? "stop" : "tool_calls";
}

function frame({ model }: Asked, object: string): JsonMap {
  return { id: "chatcmpl-1", object, created: 0, model };
}

function chunk(asked: Asked, delta: JsonMap, finish_reason: string | null): JsonMap {
  return { ...frame(asked, "chat.completion.chunk"), choices: [{ index: 0, delta, finish_reason }] };
}
