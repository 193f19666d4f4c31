import { option } from "./command-line-option.ts";
import { joinedIn } from "./identity-files.ts";
import type { ModelAccess, Runtime, Surroundings } from "./runtime.ts";

/** The vendor whose key or login Codex uses if no vendor is declared. */
const OPENAI = "openai";

/**
 * The provider that Muster declares for a key of OpenAI. Codex's own `openai` provider is not used, because Codex then
 * asks for a login.
 */
const WITH_KEY = "openai-key";

/** The usual variable of a key of OpenAI. */
const KEY = "OPENAI_API_KEY";

/** Codex by OpenAI, a native program. If npm has installed Codex, Node starts it. */
export const codex: Runtime = {
  program: "codex",
  processes: ["codex", "node"],
  heartbeat: "none",
  beats: "hooks",
  showsWork: true,
  // The file config.toml can declare more providers under [model_providers].
  providers: [OPENAI, "ollama", "lmstudio", "amazon-bedrock"],
  providersFile: ".codex/config.toml",
  modelOption: "--model",
  sessions: "codex",
  resumes: true,
  readsIdentity: "always",
  sessionArguments: /^(resume|fork|exec|e|review|app-server|mcp-server|exec-server|cloud)$/,
  // The names of open models contain the vendor.
  bareModels: /^(?!openai\/(?!gpt-oss))/,
  packages: { npm: { name: "@openai/codex" } },
  updaterOff: { args: ["-c", "check_for_update_on_startup=false"] },
  waitsFor: ({ provider = OPENAI, keyVariable }, { variables }) =>
    provider !== OPENAI || keyVariable !== undefined || variables.includes(KEY)
      ? undefined
      : `waits for a login: add a credential with \`env: ${KEY}\``,
  settings: (access, around) => ({
    args: [
      ...option("--model", access.model),
      ...providerOf(access, around),
      ...(around.beatSeconds === undefined ? [] : hooks()),
    ],
    defaults: { ".codex/config.toml": config(around) },
  }),
  conversation: {
    prompt: { marks: ["›"] },
    dialogs: [
      { text: "Would you like to", is: "permission" },
      { text: "Do you trust", is: "question" },
      { text: "Sign in with ChatGPT", is: "login" },
      { text: "Press enter to confirm", is: "menu" },
      { text: "Press enter to continue", is: "menu" },
    ],
    busy: ["esc to interrupt"],
    pasted: "[Pasted Content ",
    records: [
      {
        path: ".codex/history.jsonl",
        format: "jsonl",
        lines: [{ where: {}, text: "text" }],
      },
      {
        path: ".codex/sessions",
        depth: 3,
        format: "jsonl",
        lines: [{ where: { type: "event_msg", "payload.type": "user_message" }, text: "payload.message" }],
      },
    ],
  },
  failures: [
    {
      path: ".codex/sessions",
      depth: 3,
      format: "jsonl",
      where: { type: "event_msg", "payload.type": "task_complete" },
      reason: "payload.error.message",
    },
  ],
  // The global file, which Codex reads in every working directory (see "AGENTS.md" at
  // developers.openai.com/codex).
  identity: joinedIn(".codex/AGENTS.md"),
};

/** Returns the options that select the provider; see "Custom model providers" at developers.openai.com/codex. */
function providerOf({ provider, url, keyVariable }: ModelAccess, { variables }: Surroundings): string[] {
  const vendor = provider ?? OPENAI;
  const variable = keyVariable ?? (variables.includes(KEY) ? KEY : undefined);
  if (vendor === OPENAI && variable !== undefined) return withKey(variable, url);
  const address = url === undefined ? [] : ["-c", addressOf(vendor, url)];
  return [...option("-c", provider && `model_provider=${JSON.stringify(provider)}`), ...address];
}

/** Declares a provider that reads its key from a variable and therefore needs no login. */
function withKey(variable: string, url = "https://api.openai.com/v1"): string[] {
  const keys = { name: "OpenAI", base_url: url, env_key: variable, wire_api: "responses" };
  const entry = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return ["-c", `model_provider="${WITH_KEY}"`, "-c", `model_providers.${WITH_KEY}={${entry.join(",")}}`];
}

/**
 * Returns the setting for the address of a provider. Codex's own provider has a separate setting, because Codex does
 * not allow another address under this provider's name.
 */
function addressOf(vendor: string, url: string): string {
  return vendor === OPENAI
    ? `openai_base_url=${JSON.stringify(url)}`
    : `model_providers.${vendor}.base_url=${JSON.stringify(url)}`;
}

/** The states that the hooks report; see "Hooks" at developers.openai.com/codex. */
const HOOKS: Readonly<Record<string, string>> = {
  SessionStart: "idle",
  UserPromptSubmit: "busy",
  PreToolUse: "busy",
  PostToolUse: "busy",
  PermissionRequest: "blocked 'it asks for a permission'",
  Stop: "idle",
};

/**
 * Returns the options for the hooks that send heartbeats. Codex runs these hooks in addition to the hooks in its
 * configuration. Without the first option, Codex asks a person whether it may run them.
 */
function hooks(): string[] {
  const all = Object.entries(HOOKS).flatMap(([event, state]) => {
    const command = JSON.stringify(`muster-beat ${state}`);
    return ["-c", `hooks.${event}=[{hooks=[{type="command",command=${command}}]}]`];
  });
  return ["--dangerously-bypass-hook-trust", ...all];
}

/**
 * Returns the configuration of Codex. Codex's own sandbox is off, because it needs namespaces, which the unit does not
 * allow. The unit itself is the sandbox. Codex asks no questions, because no person can answer them. A snapshot of the
 * shell would copy all variables, including keys, to a file in the home.
 */
function config({ workdir }: Surroundings): string {
  return `approval_policy = "never"
sandbox_mode = "danger-full-access"

[features]
shell_snapshot = false

[projects.${JSON.stringify(workdir)}]
trust_level = "trusted"

[tui]
screen_reader_detection_done = true
`;
}
