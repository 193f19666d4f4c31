import type { ModelProtocol } from "./protocol.ts";
import { type Asked, type JsonMap, listOf, mapOf, type Reply, textOf, toolOf } from "./reply.ts";

/** OpenAI's API of responses, as platform.openai.com describes it. */
export const responses: ModelProtocol = {
  path: /\/responses$/,
  parse,
  whole: (asked, reply) => ({
    ...started(asked),
    status: "completed",
    output: [itemOf(reply)],
    usage: USAGE,
  }),
  events,
  error: (status, message) => ({ error: { type: "error", code: String(status), message } }),
};

const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 15,
};

function parse(body: JsonMap): Asked {
  const input = body["input"];
  const items = typeof input === "string" ? [{ role: "user", content: input }] : listOf(input).map(mapOf);
  const last = items.findLast((item) => item["role"] === "user" || isOutput(item)) ?? {};
  return {
    model: String(body["model"]),
    last: {
      isResult: isOutput(last),
      text: textOf(last),
    },
    tools: [...listOf(body["tools"]), ...items.flatMap(({ tools }) => listOf(tools))]
      .map(mapOf)
      .map(({ name, parameters }) => toolOf(name, parameters)),
    isStreamed: body["stream"] === true,
  };
}

function isOutput(item: JsonMap): boolean {
  return String(item["type"]).endsWith("_output");
}

let count = 0;

function started({ model }: Asked): JsonMap {
  count += 1;
  return { id: `resp_${count}`, object: "response", created_at: 0, model, status: "in_progress", output: [] };
}

function itemOf(reply: Reply): JsonMap {
  if ("text" in reply) {
    const content = [{ type: "output_text", text: reply.text, annotations: [] }];
    return { type: "message", id: "msg_1", role: "assistant", status: "completed", content };
  }
  count += 1;
  const call = { id: `fc_${count}`, call_id: `call_${count}`, name: reply.tool };
  return { type: "function_call", ...call, arguments: JSON.stringify(reply.input), status: "completed" };
}

function events(asked: Asked, reply: Reply): JsonMap[] {
  const response = started(asked);
  const item = itemOf(reply);
  const place = { item_id: item["id"], output_index: 0 };
  const part = { ...place, content_index: 0 };
  const added =
    "text" in reply ? { ...item, content: [], status: "in_progress" } : { ...item, arguments: "" };
  const middle =
    "text" in reply
      ? [
          {
            type: "response.content_part.added",
            ...part,
            part: { type: "output_text", text: "", annotations: [] },
          },
          { type: "response.output_text.delta", ...part, delta: reply.text },
          { type: "response.output_text.done", ...part, text: reply.text },
        ]
      : [
          { type: "response.function_call_arguments.delta", ...place, delta: item["arguments"] },
          { type: "response.function_call_arguments.done", ...place, arguments: item["arguments"] },
        ];
  return [
    { type: "response.created", response },
    { type: "response.output_item.added", output_index: 0, item: added },
    ...middle,
    { type: "response.output_item.done", output_index: 0, item },
    {
      type: "response.completed",
      response: { ...response, status: "completed", output: [item], usage: USAGE },
    },
  ];
}
