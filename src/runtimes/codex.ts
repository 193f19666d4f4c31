import { joinedIn } from "./identity-files.ts";
import { option } from "./option.ts";
import type { Runtime } from "./runtime.ts";

/** OpenAI's Codex, a native program, which Node starts if npm has installed it. */
export const codex: Runtime = {
  program: "codex",
  processes: ["codex", "node"],
  heartbeat: "none",
  // The config.toml can name more providers under [model_providers].
  providers: ["openai", "ollama", "lmstudio", "amazon-bedrock"],
  providersFile: ".codex/config.toml",
  modelOption: "--model",
  settings: ({ provider, model }) => ({
    args: [
      ...option("--model", model),
      ...option("-c", provider && `model_provider=${JSON.stringify(provider)}`),
    ],
  }),
  // The global file, which Codex reads in every working directory (developers.openai.com/codex, "AGENTS.md").
  identity: joinedIn(".codex/AGENTS.md"),
};
