import type { Runtime } from "./runtime.ts";

/** Any program at all. Its identity lies in its home, as declared; its model is told by the environment that all have. */
export const commandRuntime: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: () => ({}),
  identity: () => ({}),
};
