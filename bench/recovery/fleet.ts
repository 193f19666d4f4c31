import { parse, stringify } from "yaml";
import { type Layout, localFleet } from "../../test/hosts/support/fleets.ts";

/** Agents on the one host. */
export const AGENTS = 50;

/** Seconds without a beat after which an agent is stopped here. */
export const TIMEOUT = 20;

/** Restarts an hour that bring no quarantine here: every agent is ended in each round, which no fleet lives with. */
export const RESTARTS = 1000;

export const HOST = "h1";

export const NAMES: readonly string[] = Array.from({ length: AGENTS }, (_, i) => `a${i + 1}`);

export const LAYOUT: Layout = { hosts: [HOST], agents: { [HOST]: NAMES } };

/** It beats, says when that first was, and goes on beating. */
const AGENT_SH = `#!/bin/sh
muster-beat idle
date +%s.%N >back
while :; do sleep 5; muster-beat idle; done
`;

/** Fifty agents that beat every five seconds on one host. */
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
