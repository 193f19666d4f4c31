import { isObservedOnly } from "../observe-only.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * Refuses agents, jobs and services on a host that is only observed, because Muster installs nothing on such a host.
 * Also requires declared host keys for this host. An `up` never connects to this host, so it cannot store the keys.
 */
export const observedHost: Lint = (fleet) => [
  ...[...entriesOf("jobs", fleet.jobs), ...entriesOf("services", fleet.services)]
    .filter(({ agent, host }) => agent === undefined && isObservedOnly(fleet.hosts[host]))
    .map(({ section, name, host }): Remark => {
      const sentence = `"${host}" is observed only: Muster never installs anything on this host (docs/host-kinds.md)`;
      return { keys: [section, name, "host"], sentence };
    }),
  ...Object.values(fleet.agents)
    .filter((agent) => isObservedOnly(fleet.hosts[agent.host]))
    .map(({ name, host }): Remark => {
      const sentence = `"${host}" is observed only: an agent needs a host with systemd that Muster is allowed to change (docs/host-kinds.md)`;
      return { keys: ["agents", name, "host"], sentence };
    }),
  ...Object.values(fleet.hosts)
    .filter((host) => isObservedOnly(host) && "hostKeys" in host && host.hostKeys.length === 0)
    .map(({ name }): Remark => {
      const sentence =
        "is observed only, so `up` never stores its key: declare `hostKeys` with the keys that `ssh-keyscan` prints";
      return { keys: ["hosts", name], sentence };
    }),
];

interface Placed {
  readonly name: string;
  readonly host: string;
  readonly agent?: string;
}

function entriesOf(section: string, entries: Readonly<Record<string, Placed>>) {
  return Object.values(entries).map((one) => ({ section, ...one }));
}
