import type { Found, LineRecord } from "./found.ts";
import { countAt, type Json, mapAt, textAt, timeAt } from "./json.ts";
import { refusalOf } from "./refusal-text.ts";

/**
 * The sessions of pi. The entries of a forked session have the IDs and the times of the original entries. OpenClaw uses
 * the same format for the messages in its database.
 */
export const piRecord: LineRecord = {
  ...{ folder: ".pi/agent/sessions", depth: 2, words: ['"assistant"'] },
  read: (line) => {
    const message = mapAt(line, "message");
    const at = timeAt(line, "timestamp") ?? timeAt(message, "timestamp");
    if (at === undefined || line["type"] !== "message" || message["role"] !== "assistant") return {};
    return message["stopReason"] === "error" ? failureIn(message, at) : responseIn(line, message, at);
  },
};

function responseIn(line: Json, message: Json, at: number): Found {
  const usage = mapAt(message, "usage");
  const model = textAt(message, "model");
  if (model === undefined) return {};
  const tokens = {
    input: countAt(usage, "input"),
    output: countAt(usage, "output"),
    cacheRead: countAt(usage, "cacheRead"),
    cacheWrite: countAt(usage, "cacheWrite"),
  };
  // A turn that a person has aborted has no usage.
  if (Object.values(tokens).every((count) => count === 0)) return {};
  // pi records the cost 0 for a model whose price it does not know.
  const cost = countAt(usage, "cost", "total");
  const key = `${textAt(line, "id") ?? ""} ${at}`;
  return { response: { key, at, model, tokens, ...(cost > 0 && { cost }) } };
}

function failureIn(message: Json, at: number): Found {
  const text = textAt(message, "errorMessage") ?? "";
  const [, status] = /^(?:Error: )?(\d{3})\b/.exec(text) ?? [];
  const refusal = refusalOf({ at, text, ...(status !== undefined && { status: Number(status) }) });
  return refusal === undefined ? {} : { refusal };
}
