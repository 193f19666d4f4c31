import { placedAs } from "./identity-files.ts";
import type { ModelChoice, Runtime } from "./runtime.ts";

/**
 * Its names for the providers that it supports, except `custom`, which needs an address; its documentation, "Fallback
 * Providers".
 */
const PROVIDERS = (
  "ai-gateway alibaba alibaba-coding-plan anthropic arcee azure-foundry bedrock commandcode copilot copilot-acp " +
  "deepseek gemini gmi huggingface kilocode kimi-coding kimi-coding-cn lmstudio minimax minimax-cn minimax-oauth " +
  "nebius-token-factory nous novita nvidia ollama-cloud openai-codex opencode-free opencode-go opencode-zen openrouter " +
  "qwen-oauth router stepfun tencent-tokenhub tencent-tokenplan upstage xai xai-oauth xiaomi zai"
).split(" ");

const CONFIG = ".hermes/config.yaml";

/**
 * Hermes of Nous Research, a Python script. Its folder is HERMES_HOME, by default `~/.hermes`. It reads AGENTS.md in
 * its working directory, which is the home.
 */
export const hermes: Runtime = {
  program: "hermes",
  processes: ["hermes", "python"],
  heartbeat: "none",
  providers: PROVIDERS,
  // It changes providers within a turn and keeps the conversation, which a restart cannot.
  fallsBack: true,
  settingsFile: CONFIG,
  // Its command-line options apply only to its chat; the gateway and its cron jobs use the file.
  settings: (choice, fallbacks = []) =>
    Object.keys(choice).length === 0 ? {} : { files: { [CONFIG]: config(choice, fallbacks) } },
  identity: placedAs({
    "SOUL.md": ".hermes/SOUL.md",
    "USER.md": ".hermes/memories/USER.md",
    "MEMORY.md": ".hermes/memories/MEMORY.md",
  }),
};

/** YAML, of which JSON is a subset. */
function config({ provider, model }: ModelChoice, fallbacks: readonly ModelChoice[]): string {
  const lines = Object.entries({ default: model, provider }).filter(([, value]) => value !== undefined);
  const main = `model:\n${lines.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join("")}`;
  const others = fallbacks.map(
    (one) => `  - ${JSON.stringify({ provider: one.provider, model: one.model })}\n`,
  );
  return others.length === 0 ? main : `${main}fallback_providers:\n${others.join("")}`;
}
