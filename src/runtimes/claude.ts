import { joinedIn } from "./identity-files.ts";
import { option } from "./option.ts";
import type { Runtime, Settings } from "./runtime.ts";

/**
 * The environment variables that select the provider of the models; docs.claude.com, "third-party
 * integrations".
 */
const PROVIDERS: Readonly<Record<string, NonNullable<Settings["env"]>>> = {
  anthropic: {},
  bedrock: { CLAUDE_CODE_USE_BEDROCK: "1" },
  vertex: { CLAUDE_CODE_USE_VERTEX: "1" },
};

/**
 * Claude Code. The program renames its process to `claude`. Before that, the process is called `node` if npm
 * installed the program.
 */
export const claude: Runtime = {
  program: "claude",
  processes: ["claude", "node"],
  heartbeat: "none",
  providers: Object.keys(PROVIDERS),
  modelOption: "--model",
  settings: ({ provider = "anthropic", model }) => ({
    args: option("--model", model),
    env: PROVIDERS[provider] ?? {},
  }),
  // The user's memory file, which Claude Code reads in every working directory (docs.claude.com, "memory").
  identity: joinedIn(".claude/CLAUDE.md"),
};
