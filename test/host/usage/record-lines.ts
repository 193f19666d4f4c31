/**
 * Lines that the real programs have written to their records in runs against the tests' model API: Claude Code 2.1.332,
 * Codex 0.171.0, pi 1.6.0, Hermes 0.19.0 and OpenClaw 2026.9.6. Fields without meaning for the usage are omitted.
 */

const json = (value: object) => `${JSON.stringify(value)}\n`;

const USAGE = { cache_creation_input_tokens: 7, cache_read_input_tokens: 100 };

/** A line of Claude Code with one part of a response. */
export function claudeLine(id: string, output: number, at: string, session = "281177d2"): string {
  return json({
    ...{ parentUuid: "0b4abe74", isSidechain: false, type: "assistant", uuid: "f537ea0c", timestamp: at },
    message: {
      ...{ id, type: "message", role: "assistant", model: "claude-sonnet-4-5" },
      content: [{ type: "text", text: "I read it" }],
      usage: { input_tokens: 10, output_tokens: output, ...USAGE, service_tier: "standard" },
    },
    ...{ requestRef: `ref of ${id}`, sessionId: session, version: "2.1.332" },
  });
}

/** A line of Claude Code about a request that failed. */
export function claudeFailure(text: string, more: object, at: string): string {
  const usage = {
    input_tokens: 0,
    output_tokens: 0,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  };
  return json({
    ...{ type: "assistant", uuid: "8e8f43f1", timestamp: at, isApiErrorMessage: true, ...more },
    message: {
      id: "92070bdf",
      model: "<synthetic>",
      role: "assistant",
      usage,
      content: [{ type: "text", text }],
    },
  });
}

/** A line of Claude Code about a request that it repeats. */
export function claudeRetry(status: number, message: string, at: string): string {
  const error = { message: `${status} ${JSON.stringify({ type: "error", error: { message } })}`, status };
  return json({
    type: "system",
    subtype: "api_error",
    level: "error",
    error,
    retryAttempt: 1,
    timestamp: at,
  });
}

/** The lines of Codex about one response. */
export function codexLines(response: string, total: number, at: string): string {
  const usage = {
    ...{ input_tokens: 110, cached_input_tokens: 100, cache_write_input_tokens: 0, output_tokens: 5 },
    ...{ reasoning_output_tokens: 2, total_tokens: 115 },
  };
  const info = { total_token_usage: { total_tokens: total }, last_token_usage: usage };
  return [
    json({ timestamp: at, type: "turn_context", payload: { turn_id: "t1", model: "gpt-5.1-codex" } }),
    json({
      timestamp: at,
      type: "token_usage_record",
      payload: { turn_id: "t1", response_id: response, usage },
    }),
    json({ timestamp: at, type: "event_msg", payload: { type: "token_count", info, rate_limits: null } }),
  ].join("");
}

/** The lines of a version of Codex that records only totals. */
export function oldCodexLines(total: number, at: string): string {
  return codexLines("", total, at)
    .split("\n")
    .filter((line) => !line.includes("token_usage_record"))
    .join("\n");
}

/** A line of Codex about a turn that failed. */
export function codexFailure(message: string, info: unknown, at: string): string {
  const error = { message, codex_error_info: info };
  return json({ timestamp: at, type: "event_msg", payload: { type: "task_complete", turn_id: "t1", error } });
}

/** A line of pi, which OpenClaw has in its database too. */
export function piLine(id: string, cost: number, at: string): string {
  const usage = { input: 10, output: 5, cacheRead: 1, cacheWrite: 2, totalTokens: 18, cost: { total: cost } };
  return json({
    ...{ type: "message", id, parentId: "cf439c33", timestamp: at },
    message: {
      ...{ role: "assistant", content: [], api: "anthropic-messages", provider: "anthropic" },
      ...{ model: "claude-sonnet-4-5", usage, stopReason: "stop", responseId: "msg_1" },
    },
  });
}

/** A line of pi about a request that failed. */
export function piFailure(errorMessage: string, at: string): string {
  const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, totalTokens: 0, cost: { total: 0 } };
  const message = {
    role: "assistant",
    content: [],
    model: "claude-sonnet-4-5",
    usage,
    stopReason: "error",
    errorMessage,
  };
  return json({ type: "message", id: "2caaa353", timestamp: at, message });
}

/** A line in the log of Hermes. */
export function hermesLog(words: string, at: string): string {
  const time = at.slice(0, 19).replace("T", " ");
  return `${time},303 WARNING [20261201_012953_ae80e9] agent.conversation_loop: ${words}\n`;
}
