import type { Runtime } from "./runtime.ts";

/** Any program at all. Its identity lies in its home, as declared. */
export const command: Runtime = {
  processes: [],
  heartbeat: "none",
  settings: ({ provider, model }) => ({
    env: {
      ...(provider !== undefined && { MUSTER_PROVIDER: provider }),
      ...(model !== undefined && { MUSTER_MODEL: model }),
    },
  }),
  identity: () => ({}),
};
