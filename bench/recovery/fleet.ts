import { parse, stringify } from "yaml";
import { type Layout, localFleet } from "../../test/hosts/support/fleets.ts";

/** Number of agents on the host. */
export const AGENTS = 50;

/** Seconds without a heartbeat after which an agent is stopped here. */
export const TIMEOUT = 20;

/** Restarts per hour without quarantine. Every agent is ended in each round, which no real fleet would do. */
export const RESTARTS = 1000;

export const HOST = "h1";

export const NAMES: readonly string[] = Array.from({ length: AGENTS }, (_, i) => `a${i + 1}`);

export const LAYOUT: Layout = { hosts: [HOST], agents: { [HOST]: NAMES } };

/** Sends heartbeats, and writes the time of the first one to a file. */
const AGENT_SH = `#!/bin/sh
muster-beat idle
date +%s.%N >back
while :; do sleep 5; muster-beat idle; done
`;

/** Fifty agents on one host that send a heartbeat every five seconds. */
export function recoveryFleet(): Record<string, string> {
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as { agents: Record<string, Record<string, unknown>> };
  const agents = Object.entries(fleet.agents).map(([name, { watchdog: _, ...agent }]) => [
    name,
    {
      ...agent,
      credentials: [],
      heartbeat: { by: "file", interval: 5, timeout: TIMEOUT },
      restarts: { most: RESTARTS, within: "1h" },
    },
  ]);
  return {
    ...files,
    "agent.sh": AGENT_SH,
    "fleet.yaml": stringify({ ...fleet, credentials: {}, agents: Object.fromEntries(agents) }),
  };
}
