import { joinedIn } from "./identity-files.ts";
import { option } from "./option.ts";
import type { Runtime } from "./runtime.ts";

/** The providers that pi supports, by its own names; pi.dev/docs, "Providers". */
const PROVIDERS = (
  "amazon-bedrock ant-ling anthropic azure-openai-responses cerebras cloudflare-ai-gateway cloudflare-workers-ai " +
  "deepseek fireworks github-copilot google google-antigravity google-gemini-cli google-vertex groq huggingface " +
  "kimi-coding llama.cpp minimax minimax-cn mistral nvidia openai openai-codex opencode opencode-go openrouter radius " +
  "together vercel-ai-gateway xai xiaomi xiaomi-token-plan-ams xiaomi-token-plan-cn xiaomi-token-plan-sgp zai zai-coding-cn"
).split(" ");

/** The pi coding agent. It is a Node script, so its process is often named `node`. */
export const pi: Runtime = {
  program: "pi",
  processes: ["pi", "node"],
  heartbeat: "none",
  providers: PROVIDERS,
  providersFile: ".pi/agent/models.json",
  modelOption: "--model",
  settings: ({ provider, model }) => ({
    args: [...option("--provider", provider), ...option("--model", model)],
  }),
  // The global instructions, which pi reads in every working directory (pi.dev/docs).
  identity: joinedIn(".pi/agent/AGENTS.md"),
};
