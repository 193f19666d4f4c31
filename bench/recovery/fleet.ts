import { parse, stringify } from "yaml";
import { type Layout, localFleet } from "../../test/hosts/support/fleets.ts";

/** The number of agents on the host. */
export const AGENTS = 50;

/** The heartbeat timeout of the agents, in seconds. */
export const TIMEOUT = 20;

/** The maximum number of restarts per hour. It is high, because every agent restarts in each round. */
export const RESTARTS = 1000;

export const HOST = "h1";

export const NAMES: readonly string[] = Array.from({ length: AGENTS }, (_, i) => `a${i + 1}`);

export const LAYOUT: Layout = { hosts: [HOST], agents: { [HOST]: NAMES } };

/** An agent's program. It sends heartbeats, and writes the time of the first heartbeat to a file. */
const AGENT_SH = `#!/bin/sh
muster-beat idle
date +%s.%N >back
while :; do sleep 5; muster-beat idle; done
`;

/** Returns the files of a fleet with fifty agents on one host. Each agent sends a heartbeat every five seconds. */
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
