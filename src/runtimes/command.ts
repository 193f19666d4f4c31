import type { Runtime } from "./runtime.ts";

/** Any other program, which finds the agent's identity in the home and the model in the environment. */
export const commandRuntime: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: () => ({}),
  identity: () => ({}),
};
