import type { Found, LineRecord } from "./found.ts";
import { countAt, type Json, mapAt, textAt, timeAt } from "./json.ts";
import { refusalOf } from "./refusal-text.ts";

/**
 * The transcripts of Claude Code. A response with several parts has one line for each part, each with the usage so far.
 * A conversation that was forked from another one repeats the other one's lines. Subagents have their own files.
 */
export const claudeRecord: LineRecord = {
  folder: ".claude/projects",
  depth: 4,
  words: ['"usage"', '"api_error"'],
  read: (line) => {
    const at = timeAt(line, "timestamp");
    if (at === undefined) return {};
    if (line["subtype"] === "api_error") return retriedRequest(line, at);
    if (line["type"] !== "assistant") return {};
    return line["isApiErrorMessage"] === true ? failedRequest(line, at) : responseIn(line, at);
  },
};

function responseIn(line: Json, at: number): Found {
  const message = mapAt(line, "message");
  const model = textAt(message, "model");
  const id = textAt(message, "id");
  if (model === undefined || model === "<synthetic>" || id === undefined) return {};
  const usage = mapAt(message, "usage");
  const recorded = countAt(line, "costUSD");
  return {
    response: {
      key: `${id} ${textAt(line, "requestId") ?? textAt(line, "requestRef") ?? ""}`,
      at,
      model,
      tokens: {
        input: countAt(usage, "input_tokens"),
        output: countAt(usage, "output_tokens"),
        cacheRead: countAt(usage, "cache_read_input_tokens"),
        cacheWrite: countAt(usage, "cache_creation_input_tokens"),
      },
      // Only old versions record a cost.
      ...(recorded > 0 && { cost: recorded }),
    },
  };
}

function failedRequest(line: Json, at: number): Found {
  const seconds = timeAt(line, "quotaLimits", "resetsAt");
  return withRefusal({
    at,
    text: wordsIn(mapAt(line, "message")["content"]),
    codes: `${textAt(line, "apiError") ?? ""} ${textAt(line, "error") ?? ""}`,
    status: countAt(line, "apiErrorStatus"),
    ...(seconds !== undefined && { until: seconds * 1000 }),
  });
}

/** A request that Claude Code repeats by itself. */
function retriedRequest(line: Json, at: number): Found {
  return withRefusal({
    at,
    text: textAt(line, "error", "message") ?? "",
    status: countAt(line, "error", "status"),
  });
}

function withRefusal(request: Parameters<typeof refusalOf>[0]): Found {
  const refusal = refusalOf(request);
  return refusal === undefined ? {} : { refusal };
}

function wordsIn(content: unknown): string {
  return Array.isArray(content) ? content.map((part) => textAt(part, "text") ?? "").join(" ") : "";
}
