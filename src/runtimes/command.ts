import type { Runtime } from "./runtime.ts";

/** Any other program. It finds the agent's identity in the home, and the model in environment variables. */
export const commandRuntime: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: () => ({}),
  identity: () => ({}),
};
