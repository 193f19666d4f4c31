import { joinedIn } from "./identity-files.ts";
import { option } from "./option.ts";
import type { Runtime, Settings } from "./runtime.ts";

/** Other clouds that serve its models; docs.claude.com, "third-party integrations". */
const PROVIDERS: Readonly<Record<string, NonNullable<Settings["env"]>>> = {
  anthropic: {},
  bedrock: { CLAUDE_CODE_USE_BEDROCK: "1" },
  vertex: { CLAUDE_CODE_USE_VERTEX: "1" },
};

/** Claude Code. It names its process itself; installed by npm it is one of Node's until then. */
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
  // The memory of its user, which it reads in whatever folder it works (docs.claude.com, "memory").
  identity: joinedIn(".claude/CLAUDE.md"),
};
