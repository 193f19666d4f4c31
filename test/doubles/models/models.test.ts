import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ModelApi, modelApi, shellTask } from "./index.ts";

let api: ModelApi;

beforeEach(async () => {
  api = await modelApi();
});

afterEach(() => api.close());

const SCHEMA = { type: "object", properties: { command: { type: "string" } } };
const TASK = `please ${shellTask("ls")}`;

/** A request for each API, with a tool that runs a command, and the text in the response that calls this tool. */
const APIS = {
  "/v1/messages": {
    body: { messages: [{ role: "user", content: TASK }], tools: [{ name: "Bash", input_schema: SCHEMA }] },
    call: '"partial_json":"{\\"command\\":\\"ls\\"}"',
    last: "event: message_stop",
  },
  "/v1/responses": {
    body: { input: [{ role: "user", content: TASK }], tools: [{ name: "bash", parameters: SCHEMA }] },
    call: '"arguments":"{\\"command\\":\\"ls\\"}"',
    last: "event: response.completed",
  },
  "/v1/chat/completions": {
    body: {
      messages: [{ role: "user", content: TASK }],
      tools: [{ type: "function", function: { name: "terminal", parameters: SCHEMA } }],
    },
    call: '"arguments":"{\\"command\\":\\"ls\\"}"',
    last: "data: [DONE]",
  },
};

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const text = JSON.stringify({ model: "tiny", ...body });
  return fetch(`http://127.0.0.1:${api.port}${path}`, { method: "POST", body: text, headers });
}

describe.each(Object.entries(APIS))("the API at %s", (path, { body, call, last }) => {
  test("streams the call of a tool, and records the request", async () => {
    const answer = await (await post(path, { ...body, stream: true }, { authorization: "Bearer k" })).text();
    expect(answer).toContain(call);
    expect(answer).toContain(last);
    expect(api.requests).toMatchObject([{ path, key: "k", model: "tiny", last: TASK }]);
  });

  test("can respond without a stream", async () => {
    const answer = JSON.stringify(await (await post(path, body, { "x-api-key": "k" })).json());
    expect(answer).toContain("ls");
    expect(api.requests[0]?.key).toBe("k");
  });

  test("fails the requested number of times, with the headers of a rate limit", async () => {
    api.fail(1, 429, { "retry-after": "1" });
    const refused = await post(path, body);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await post(path, body)).status).toBe(200);
    expect(api.requests).toHaveLength(2);
  });
});

test("a test can replace the script of the model", async () => {
  api.answer(({ model }) => ({ text: `I am ${model}` }));
  const answer: unknown = await (await post("/v1/messages", { messages: [] })).json();
  expect(answer).toMatchObject({ content: [{ type: "text", text: "I am tiny" }] });
});

test("every other request gets an empty list", async () => {
  const answer = await fetch(`http://127.0.0.1:${api.port}/v1/models`);
  expect(await answer.json()).toMatchObject({ data: [] });
  expect(api.others).toEqual(["GET /v1/models"]);
});
