import { placedAs } from "./identity-files.ts";
import type { ModelChoice, Runtime } from "./runtime.ts";

/**
 * Hermes of Nous Research, a script of Python's; its folder is HERMES_HOME, `~/.hermes` where that is not set. AGENTS.md
 * it reads where it works, which is the home.
 */
export const hermes: Runtime = {
  program: "hermes",
  processes: ["hermes", "python"],
  heartbeat: "none",
  // Its options reach its chat alone: the gateway and its crons go by the file.
  settings: (choice) =>
    Object.keys(choice).length === 0 ? {} : { files: { ".hermes/config.yaml": config(choice) } },
  identity: placedAs({
    "SOUL.md": ".hermes/SOUL.md",
    "USER.md": ".hermes/memories/USER.md",
    "MEMORY.md": ".hermes/memories/MEMORY.md",
  }),
};

/** YAML; a JSON text is one of YAML's, too. */
function config({ provider, model }: ModelChoice): string {
  const lines = Object.entries({ default: model, provider }).filter(([, value]) => value !== undefined);
  return `model:\n${lines.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join("")}`;
}
