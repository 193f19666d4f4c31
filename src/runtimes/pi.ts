import { option } from "./command-line-option.ts";
import { joinedIn } from "./identity-files.ts";
import type { ModelAccess, Runtime } from "./runtime.ts";

/** The providers that pi supports, with the names that pi uses; see "Providers" at pi.dev/docs. */
const PROVIDERS = (
  "amazon-bedrock ant-ling anthropic azure-openai-responses cerebras cloudflare-ai-gateway cloudflare-workers-ai " +
  "deepseek fireworks github-copilot google google-antigravity google-gemini-cli google-vertex groq huggingface " +
  "kimi-coding llama.cpp minimax minimax-cn mistral nvidia openai openai-codex opencode opencode-go openrouter radius " +
  "together vercel-ai-gateway xai xiaomi xiaomi-token-plan-ams xiaomi-token-plan-cn xiaomi-token-plan-sgp zai zai-coding-cn"
).split(" ");

/** The file in which the address of a provider can be changed; see "Custom models" at pi.dev/docs. */
const MODELS = ".pi/agent/models.json";

/** The extension that sends heartbeats; see "Extensions" at pi.dev/docs. */
const EXTENSION = ".pi/agent/extensions/muster-beat.js";

/** The pi coding agent. It is a Node script, so its process is often named `node`. */
export const pi: Runtime = {
  program: "pi",
  processes: ["pi", "node"],
  heartbeat: "none",
  beats: "timer",
  showsWork: true,
  providers: PROVIDERS,
  providersFile: MODELS,
  modelOption: "--model",
  sessions: "pi",
  resumes: true,
  readsIdentity: "start",
  sessionArguments:
    /^(-c|--continue|-r|--resume|--session|--session-id|--fork|--no-session|-p|--print|--mode)$/,
  packages: { npm: { name: "@earendil-works/pi-coding-agent" } },
  updaterOff: { env: { PI_SKIP_VERSION_CHECK: "1" } },
  settings: (access, { others, beatSeconds }) => ({
    args: [...option("--provider", access.provider), ...option("--model", access.model)],
    ...addresses([access, ...others]),
    ...(beatSeconds !== undefined && { programs: { [EXTENSION]: extension(beatSeconds) } }),
  }),
  conversation: {
    prompt: { isBetweenLines: true },
    dialogs: [
      { text: "Select provider to login", is: "login" },
      { text: "Select provider to configure", is: "login" },
      { text: "nter to select", is: "menu" },
    ],
    busy: ["to interrupt)"],
    pasted: "[paste #",
    records: [
      {
        path: ".pi/agent/sessions",
        depth: 1,
        format: "jsonl",
        lines: [{ where: { type: "message", "message.role": "user" }, text: "message.content" }],
      },
    ],
  },
  failures: [
    {
      path: ".pi/agent/sessions",
      depth: 1,
      format: "jsonl",
      where: { type: "message", "message.stopReason": "error" },
      reason: "message.errorMessage",
      // pi removes the failed answer from the conversation before it tries again.
      retriedBy: { type: "context_edit" },
    },
  ],
  // The file with the global instructions, which pi reads in every working directory (see pi.dev/docs).
  identity: joinedIn(".pi/agent/AGENTS.md"),
};

/**
 * Returns the file with the addresses of all providers that the agent can use. pi reads all addresses from this file.
 */
function addresses(all: readonly ModelAccess[]): { readonly files?: Readonly<Record<string, string>> } {
  const known = all.flatMap(({ provider, url }) =>
    provider === undefined || url === undefined ? [] : [[provider, { baseUrl: url }] as const],
  );
  if (known.length === 0) return {};
  return { files: { [MODELS]: `${JSON.stringify({ providers: Object.fromEntries(known) }, null, 2)}\n` } };
}

/**
 * Returns the text of the extension. A timer sends heartbeats, and changes of the state are sent immediately. Programs
 * that the agent starts do not get the variable MUSTER_BEAT, because another pi among them would report its own state.
 */
function extension(seconds: number): string {
  return `// Sends the agent's heartbeats to Muster.
import { renameSync, writeFileSync } from "node:fs";

const file = (globalThis.musterBeat ??= process.env.MUSTER_BEAT);
delete process.env.MUSTER_BEAT;

export default function (pi) {
  if (!file) return;
  let timer;
  let state = "idle";
  let task = "";
  const beat = () => {
    try {
      writeFileSync(file + ".pi", JSON.stringify({ time: new Date(), pid: process.pid, state, task }) + "\\n");
      renameSync(file + ".pi", file);
    } catch {
      // The deadman reports a missing heartbeat.
    }
  };
  const report = (next, what = "") => {
    state = next;
    task = what;
    beat();
  };
  pi.on("session_start", () => {
    clearInterval(timer);
    timer = setInterval(beat, ${seconds * 1000});
    report("idle");
  });
  pi.on("session_shutdown", () => clearInterval(timer));
  pi.on("agent_start", () => report("busy"));
  pi.on("agent_settled", () => report("idle"));
  pi.on("ui_prompt_start", (event) => report("blocked", event.title ?? ""));
  pi.on("ui_prompt_end", (event, context) => report(context.isIdle() ? "idle" : "busy"));
}
`;
}
