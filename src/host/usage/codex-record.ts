import type { Found, LineRecord } from "./found.ts";
import { countAt, type Json, mapAt, textAt, timeAt } from "./json.ts";
import { refusalOf } from "./refusal-text.ts";

/**
 * The rollouts of Codex. `token_usage_record` has the usage of one response. Versions without this line have only
 * `token_count`, with the total of the conversation and the usage of the last response.
 */
export const codexRecord: LineRecord = {
  folder: ".codex/sessions",
  depth: 4,
  words: ['"turn_context"', '"token_usage_record"', '"token_count"', '"task_complete"', '"error"'],
  read: (line, file) => {
    const at = timeAt(line, "timestamp");
    const payload = mapAt(line, "payload");
    const [kind, detail] = [textAt(line, "type"), textAt(payload, "type")];
    if (at === undefined) return {};
    if (kind === "turn_context") return { file: { ...file, model: textAt(payload, "model") ?? "unknown" } };
    if (kind === "token_usage_record") {
      const { model = "unknown" } = file;
      return { ...responseIn(payload, at, model), file: { ...file, hasResponses: true } };
    }
    if (kind !== "event_msg") return {};
    if (detail === "token_count" && file.hasResponses !== true)
      return totalIn(payload, at, file.model ?? "unknown");
    if (detail === "task_complete") return failureIn(mapAt(payload, "error"), at);
    return detail === "error" ? failureIn(payload, at) : {};
  },
};

function responseIn(payload: Json, at: number, model: string): Found {
  const id = textAt(payload, "response_id");
  if (id === undefined) return {};
  const key = `${id} ${textAt(payload, "turn_id") ?? ""}`;
  return { response: { key, at, model, tokens: tokensIn(mapAt(payload, "usage")) } };
}

function totalIn(payload: Json, at: number, model: string): Found {
  const info = mapAt(payload, "info");
  const total = countAt(info, "total_token_usage", "total_tokens");
  if (total === 0) return {};
  // Codex repeats the line if only the limits have changed.
  const turn = Math.floor(at / 60_000);
  return {
    response: { key: `${total} ${turn}`, at, model, tokens: tokensIn(mapAt(info, "last_token_usage")) },
  };
}

/** Codex counts cached tokens as a part of the input. */
function tokensIn(usage: Json) {
  const [cacheRead, cacheWrite] = [
    countAt(usage, "cached_input_tokens"),
    countAt(usage, "cache_write_input_tokens"),
  ];
  return {
    input: Math.max(0, countAt(usage, "input_tokens") - cacheRead - cacheWrite),
    output: countAt(usage, "output_tokens"),
    ...{ cacheRead, cacheWrite },
  };
}

function failureIn(error: Json, at: number): Found {
  const info = error["codex_error_info"];
  const text = textAt(error, "message");
  if (text === undefined) return {};
  const [details = {}] = Object.values(mapAt(info));
  const status = countAt(details, "http_status_code");
  const refusal = refusalOf({ at, text, ...(status > 0 && { status }) });
  return refusal === undefined ? {} : { refusal };
}
