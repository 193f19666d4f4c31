import { isObservedOnly } from "../observed.ts";
import type { Lint, Remark } from "./lint.ts";

/** A host that is only looked at can have no agent, and nobody ever meets it to learn its key. */
export const observedHost: Lint = (fleet) => [
  ...Object.values(fleet.agents)
    .filter((agent) => isObservedOnly(fleet.hosts[agent.host]))
    .map(({ name, host }): Remark => {
      const sentence = `"${host}" is observed only: an agent needs a host with systemd that Muster may change (docs/host-kinds.md)`;
      return { keys: ["agents", name, "host"], sentence };
    }),
  ...Object.values(fleet.hosts)
    .filter((host) => isObservedOnly(host) && host.kind === "ssh" && host.hostKeys.length === 0)
    .map(({ name }): Remark => {
      const sentence =
        "is observed only, so no `up` ever learns its key: declare `hostKeys`, as `ssh-keyscan` shows them";
      return { keys: ["hosts", name], sentence };
    }),
];
