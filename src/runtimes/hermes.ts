import { placedAs } from "./identity-files.ts";
import type { ModelAccess, Runtime } from "./runtime.ts";

/**
 * The providers that Hermes supports, with the names that Hermes uses. `custom` is omitted, because it needs an
 * address. See "Fallback Providers" in the Hermes documentation.
 */
const PROVIDERS = (
  "ai-gateway alibaba alibaba-coding-plan anthropic arcee azure-foundry bedrock commandcode copilot copilot-acp " +
  "deepseek gemini gmi huggingface kilocode kimi-coding kimi-coding-cn lmstudio minimax minimax-cn minimax-oauth " +
  "nebius-token-factory nous novita nvidia ollama-cloud openai-codex opencode-free opencode-go opencode-zen openrouter " +
  "qwen-oauth router stepfun tencent-tokenhub tencent-tokenplan upstage xai xai-oauth xiaomi zai"
).split(" ");

const CONFIG = ".hermes/config.yaml";
const FALLBACKS = "fallback_providers";

/**
 * The hooks that send heartbeats; see "Event Hooks" in the Hermes documentation. A job of the agent has no MUSTER_BEAT
 * and therefore sends none.
 */
const HOOKS = `hooks_auto_accept: true
hooks:
  on_session_start:
${hook("busy")}  pre_llm_call:
${hook("busy")}  pre_tool_call:
${hook("busy")}  post_tool_call:
${hook("busy")}  on_session_end:
${hook("idle")}`;

function hook(state: string): string {
  return `    - command: "sh -c '[ -z \\"$MUSTER_BEAT\\" ] || muster-beat ${state}'"\n`;
}

/**
 * Hermes by Nous Research, a Python program. Its folder is HERMES_HOME, which is `~/.hermes` by default.
 * Hermes also reads AGENTS.md in its working directory, which is the home of the agent.
 */
export const hermes: Runtime = {
  program: "hermes",
  processes: ["hermes", "python"],
  heartbeat: "none",
  beats: "hooks",
  showsWork: true,
  providers: PROVIDERS,
  // Hermes can change the provider during a turn, without a restart.
  fallsBack: true,
  resumes: true,
  // Hermes saves the first prompt together with the conversation.
  readsIdentity: "never",
  sessionArguments:
    /^(-c|--continue|-r|--resume|-z|-q|--query|--source|gateway|serve|dashboard|acp|mcp|cron|kanban|proxy|desktop|gui)$/,
  settingsFile: { path: CONFIG, modelKeys: ["model.default", "model.provider", FALLBACKS] },
  packages: { pypi: { name: "hermes-agent" } },
  // The model is written to the file, because the gateway and the cron jobs read the file. Command-line options apply
  // only to the chat.
  waitsFor: ({ provider }) =>
    provider === undefined
      ? "asks whether to run its setup: declare `provider` and `model` in `runtime`, or in .hermes/config.yaml"
      : undefined,
  settings: (access, { others, beatSeconds }) => {
    const isDeclared = access.provider !== undefined || access.model !== undefined;
    const required = `${isDeclared ? config(access, others) : ""}${beatSeconds === undefined ? "" : HOOKS}`;
    return {
      ...(required !== "" && { files: { [CONFIG]: required } }),
      ...(isDeclared && { defaults: { [CONFIG]: usual(others) } }),
    };
  },
  conversation: {
    prompt: { marks: ["❯", ">"] },
    dialogs: [
      { text: "Run setup now?", is: "question" },
      { text: "Allow once", is: "permission" },
      { text: "[Y/n]", is: "question" },
    ],
    // While Hermes works, this hint replaces its prompt: a message would interrupt the work.
    busy: ["msg=interrupt"],
    pasted: "[Pasted text #",
    records: [{ path: ".hermes/.hermes_history", format: "prompt-toolkit", pastes: ".hermes/pastes" }],
  },
  failures: [
    {
      path: ".hermes/logs/errors.log",
      format: "log",
      marks: ["API call failed after", "Non-retryable client error"],
    },
  ],
  identity: placedAs({
    "SOUL.md": ".hermes/SOUL.md",
    "USER.md": ".hermes/memories/USER.md",
    "MEMORY.md": ".hermes/memories/MEMORY.md",
  }),
};

/**
 * Returns the default settings. If no fallbacks are declared, the settings contain an empty list of fallbacks.
 * Otherwise, the agent could add undeclared providers. By default, Hermes asks a person before it runs some commands.
 * These questions are off, because no person can answer them, and the sandbox of the unit limits the agent.
 */
function usual(others: readonly ModelAccess[]): string {
  return `${others.length === 0 ? `${FALLBACKS}: []\n` : ""}approvals:\n  mode: "off"\n`;
}

/** Renders the configuration as YAML. Writes the values as JSON, which is valid YAML. */
function config({ provider, model, url }: ModelAccess, fallbacks: readonly ModelAccess[]): string {
  const keys = { default: model, provider, base_url: url };
  const lines = Object.entries(keys).filter(([, value]) => value !== undefined);
  const main = `model:\n${lines.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join("")}`;
  const others = fallbacks.map(
    (one) => `  - ${JSON.stringify({ provider: one.provider, model: one.model, base_url: one.url })}\n`,
  );
  return others.length === 0 ? main : `${main}${FALLBACKS}:\n${others.join("")}`;
}
