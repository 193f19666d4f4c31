import type { Runtime } from "./runtime.ts";

/**
 * The runtime for any other program. The program finds the agent's identity in the home, and the model in environment
 * variables.
 */
export const commandRuntime: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: () => ({}),
  identity: () => ({}),
};
