import type { ResourceDefinition } from "./definition.ts";
import { hostId } from "./ids.ts";

/** The host runtime, and the package that every agent's unit needs: tmux gives the pane its terminal. */
export const host: ResourceDefinition = {
  type: "Host",
  declare: (fleet, { runtime }) =>
    Object.values(fleet.hosts).map(({ name, formerly, protect }) => ({
      type: "Host",
      id: hostId(name),
      host: name,
      needs: [],
      formerly: formerly.map(hostId),
      protect,
      items: {
        runtime: { kind: "runtime", want: { bundle: runtime.bundle, node: runtime.node } },
        tmux: { kind: "package", name: "tmux", want: { present: true } },
      },
    })),
};
