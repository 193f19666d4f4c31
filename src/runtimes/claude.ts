import { option } from "./command-line-option.ts";
import { joinedIn } from "./identity-files.ts";
import type { ModelAccess, Runtime, Settings, Surroundings } from "./runtime.ts";

interface Cloud {
  readonly env: NonNullable<Settings["env"]>;
  /** The variable with the address of the API. */
  readonly address: string;
}

/**
 * The environment variables that select the provider of the models; see "third-party integrations" and "LLM
 * gateway" at docs.claude.com.
 */
const PROVIDERS: Readonly<Record<string, Cloud>> = {
  anthropic: { env: {}, address: "ANTHROPIC_BASE_URL" },
  bedrock: { env: { CLAUDE_CODE_USE_BEDROCK: "1" }, address: "ANTHROPIC_BEDROCK_BASE_URL" },
  vertex: { env: { CLAUDE_CODE_USE_VERTEX: "1" }, address: "ANTHROPIC_VERTEX_BASE_URL" },
};

/**
 * Claude Code asks a person whether it may use a key in the variable with this name, and saves the answer with a part
 * of the key. It does not ask about a key that `apiKeyHelper` prints. Muster therefore passes the key under another
 * name.
 */
const KEY = "ANTHROPIC_API_KEY";
const RENAMED_KEY = `MUSTER_${KEY}`;

/**
 * The settings file with the hooks that send heartbeats. Claude Code runs these hooks in addition to the hooks in its
 * own settings files, so that the agent and its identity can declare hooks too. An argument names this file, so that
 * only the agent's main program sends heartbeats.
 */
const HOOKS = ".muster/claude-hooks.json";

/** The variables from which Claude Code reads a key or a login of Anthropic. */
const KEYS: readonly string[] = [KEY, "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];

/**
 * Claude Code. If npm installed Claude Code, its process is called `node` at first. Claude Code then renames
 * the process to `claude`.
 */
export const claude: Runtime = {
  program: "claude",
  processes: ["claude", "node"],
  heartbeat: "none",
  beats: "hooks",
  showsWork: true,
  providers: Object.keys(PROVIDERS),
  modelOption: "--model",
  sessions: "claude",
  resumes: true,
  readsIdentity: "always",
  sessionArguments: /^(-c|--continue|-r|--resume|--session-id|--fork-session|--from-pr|-p|--print|--bg)$/,
  bareModels: /^(?!anthropic\/)/,
  // The package itself contains only a stub, which its install script would replace with this program.
  packages: {
    npm: { name: "@anthropic-ai/claude-code", native: "@anthropic-ai/claude-code-linux-{cpu}/claude" },
  },
  updaterOff: { env: { DISABLE_AUTOUPDATER: "1" } },
  renamedVariables: { [KEY]: RENAMED_KEY },
  settings,
  waitsFor: ({ provider = "anthropic" }, { variables }) =>
    provider !== "anthropic" || variables.some((name) => KEYS.includes(name))
      ? undefined
      : `waits for a login: add a credential with \`env: ${KEY}\``,
  conversation: {
    prompt: { marks: ["❯", ">"] },
    dialogs: [
      { text: "Do you want to", is: "permission" },
      { text: "Would you like to proceed", is: "permission" },
      { text: "Do you trust", is: "question" },
      { text: "Is this a project you", is: "question" },
      { text: "Select login method", is: "login" },
      { text: "Paste code here if prompted", is: "login" },
      { text: "Enter to confirm", is: "menu" },
    ],
    busy: ["esc to interrupt"],
    pasted: "[Pasted text #",
    records: [
      {
        path: ".claude/projects",
        depth: 1,
        tag: "pasted_content",
        format: "jsonl",
        lines: [
          { where: { type: "user", "message.role": "user" }, text: "message.content" },
          { where: { type: "queue-operation", operation: "enqueue" }, text: "content", isQueued: true },
        ],
      },
    ],
  },
  failures: [
    {
      path: ".claude/projects",
      depth: 1,
      format: "jsonl",
      where: { type: "assistant", "message.model": "<synthetic>" },
      reason: "error",
    },
  ],
  // The memory file of the user, which Claude Code reads in every working directory (see "memory" at
  // docs.claude.com).
  identity: joinedIn(".claude/CLAUDE.md"),
};

function settings({ provider = "anthropic", model, url }: ModelAccess, around: Surroundings): Settings {
  const { env = {}, address } = PROVIDERS[provider] ?? {};
  const { home, beatSeconds } = around;
  const beats = beatSeconds !== undefined;
  return {
    args: [...option("--model", model), ...(beats ? ["--settings", `${home}/${HOOKS}`] : [])],
    ...(beats && { programs: { [HOOKS]: json({ hooks: hooks() }) } }),
    env: { ...env, ...(address !== undefined && url !== undefined && { [address]: url }) },
    defaults: {
      ".claude.json": json(answers(around)),
      ".claude/settings.json": json({
        ...(around.variables.includes(KEY) && { apiKeyHelper: `printenv ${RENAMED_KEY}` }),
        // No person can answer questions, and the sandbox of the unit limits the agent.
        permissions: { defaultMode: "bypassPermissions" },
        skipDangerousModePermissionPrompt: true,
      }),
    },
  };
}

/** The answers to the first questions, about the theme and the trust in the working directory. */
function answers({ workdir }: Surroundings): object {
  return { hasCompletedOnboarding: true, projects: { [workdir]: { hasTrustDialogAccepted: true } } };
}

/** Returns the hooks that report what the agent does; see "hooks" at docs.claude.com. */
function hooks(): object {
  return {
    SessionStart: [hook("idle", "startup|resume|clear")],
    UserPromptSubmit: [hook("busy")],
    PreToolUse: [hook("busy")],
    PostToolUse: [hook("busy")],
    PostToolUseFailure: [hook("busy")],
    Stop: [hook("idle")],
    StopFailure: [hook("idle")],
    Notification: [
      hook("idle", "idle_prompt"),
      hook("blocked 'it asks for a permission'", "permission_prompt"),
      hook("blocked 'it asks a question'", "elicitation_dialog|agent_needs_input"),
    ],
  };
}

function hook(state: string, matcher?: string): object {
  const command = `muster-beat ${state}`;
  return { ...(matcher !== undefined && { matcher }), hooks: [{ type: "command", command }] };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
