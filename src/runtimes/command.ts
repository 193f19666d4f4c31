import type { Runtime } from "./runtime.ts";

/** Any other program. It finds the files of its identity in its home, and its model in the environment. */
export const commandRuntime: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: () => ({}),
  identity: () => ({}),
};
