import { agentOfUnit } from "../../model/host-paths.ts";
import type { UsageAnswer, UsageRequest } from "../../model/protocol.ts";
import type { Host } from "../context.ts";
import { readPause, unitsKeptStopped } from "../units/quarantine.ts";
import { readUsage } from "../usage/usage-store.ts";

/** Returns the usage of this host's agents since a day, and the agents that are parked. */
export function usage(host: Host, { from }: UsageRequest): UsageAnswer {
  const parked = [...unitsKeptStopped(host)].flatMap((unit) => {
    const agent = agentOfUnit(unit);
    const pause = agent === undefined ? undefined : readPause(host, unit);
    if (agent === undefined || pause?.park === undefined) return [];
    return [{ agent, since: pause.since, reason: pause.reason ?? "", ...pause.park }];
  });
  return { usage: readUsage(host, from), parked };
}
