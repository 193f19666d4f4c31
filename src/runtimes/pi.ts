import { joinedIn } from "./identity-files.ts";
import { option } from "./option.ts";
import type { Runtime } from "./runtime.ts";

/** The pi coding agent: a script of Node's, and so mostly shown as `node`. */
export const pi: Runtime = {
  program: "pi",
  processes: ["pi", "node"],
  heartbeat: "none",
  settings: ({ provider, model }) => ({
    args: [...option("--provider", provider), ...option("--model", model)],
  }),
  // Its global instructions, which it reads in whatever folder it works (pi.dev/docs).
  identity: joinedIn(".pi/agent/AGENTS.md"),
};
