import { placedAs } from "./identity-files.ts";
import type { ModelChoice, Runtime } from "./runtime.ts";

/**
 * The providers that Hermes supports, by its own names. `custom` is left out, because it needs an address.
 * See "Fallback Providers" in its documentation.
 */
const PROVIDERS = (
  "ai-gateway alibaba alibaba-coding-plan anthropic arcee azure-foundry bedrock commandcode copilot copilot-acp " +
  "deepseek gemini gmi huggingface kilocode kimi-coding kimi-coding-cn lmstudio minimax minimax-cn minimax-oauth " +
  "nebius-token-factory nous novita nvidia ollama-cloud openai-codex opencode-free opencode-go opencode-zen openrouter " +
  "qwen-oauth router stepfun tencent-tokenhub tencent-tokenplan upstage xai xai-oauth xiaomi zai"
).split(" ");

const CONFIG = ".hermes/config.yaml";

/**
 * Hermes by Nous Research, a Python program. Its folder is HERMES_HOME, by default `~/.hermes`. It also reads
 * AGENTS.md in its working directory, which is the agent's home.
 */
export const hermes: Runtime = {
  program: "hermes",
  processes: ["hermes", "python"],
  heartbeat: "none",
  providers: PROVIDERS,
  // Hermes can change the provider during a turn without losing the conversation, which a restart would lose.
  fallsBack: true,
  settingsFile: CONFIG,
  // Command-line options apply only to the chat. The gateway and the cron jobs read the model from the file.
  settings: (choice, fallbacks = []) =>
    Object.keys(choice).length === 0 ? {} : { files: { [CONFIG]: config(choice, fallbacks) } },
  identity: placedAs({
    "SOUL.md": ".hermes/SOUL.md",
    "USER.md": ".hermes/memories/USER.md",
    "MEMORY.md": ".hermes/memories/MEMORY.md",
  }),
};

/** Renders the configuration as YAML. The values are written as JSON, which is valid YAML. */
function config({ provider, model }: ModelChoice, fallbacks: readonly ModelChoice[]): string {
  const lines = Object.entries({ default: model, provider }).filter(([, value]) => value !== undefined);
  const main = `model:\n${lines.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join("")}`;
  const others = fallbacks.map(
    (one) => `  - ${JSON.stringify({ provider: one.provider, model: one.model })}\n`,
  );
  return others.length === 0 ? main : `${main}fallback_providers:\n${others.join("")}`;
}
