import { HEARTBEATS, type MaintenanceWindow, type Policy } from "../../model/deadman.ts";
import { isFailoverPolicy } from "../../model/failover.ts";

/** Characters. A policy is a page. */
const CAP = 64 * 1024;

/**
 * A policy as `up` wrote it, checked whole: a tenant's stack writes those of its own agents, and the deadman has
 * everybody's to look after.
 *
 * @returns undefined where it is torn, another version's or too long
 */
export function parsePolicy(text = ""): Policy | undefined {
  try {
    if (text.length > CAP) return undefined;
    const { heartbeat, restarts, maintenance, ttl, failover } = JSON.parse(text) as Policy;
    const numbers = [heartbeat.interval, heartbeat.timeout, restarts.most, restarts.within, ttl ?? 1];
    const isWhole =
      HEARTBEATS.includes(heartbeat.by) && numbers.every(isPositive) && maintenance.every(isWindow);
    if (!isWhole || !(failover === undefined || isFailoverPolicy(failover))) return undefined;
    return {
      heartbeat,
      restarts,
      maintenance,
      ...(ttl !== undefined && { ttl }),
      ...(failover && { failover }),
    };
  } catch {
    return undefined;
  }
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

function isWindow({ days, from, to }: MaintenanceWindow): boolean {
  return [...days, from, to].every((value) => Number.isInteger(value) && value >= 0);
}
