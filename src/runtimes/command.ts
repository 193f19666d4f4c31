import type { Runtime } from "./runtime.ts";

/** Any other program. Its identity is in its home as declared, and it finds its model in the environment. */
export const commandRuntime: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: () => ({}),
  identity: () => ({}),
};
