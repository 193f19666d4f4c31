import {
  HEARTBEATS,
  type MaintenanceWindow,
  ON_UNHEALTHY,
  type Policy,
  type ServicePolicy,
} from "../../model/deadman.ts";
import { isFailoverPolicy } from "../../model/failover.ts";
import { isHealthCheck } from "../../model/health.ts";
import type { WatchedUnit } from "../hostd/types.ts";

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

/** A service shows no life but by its check. */
const NO_HEARTBEAT = { by: "none", interval: 15, timeout: 60 } as const;

/** A service's policy as `up` wrote it; undefined as above. */
export function parseServicePolicy(text = ""): Omit<WatchedUnit, "agent"> | undefined {
  try {
    if (text.length > CAP) return undefined;
    const { unit, health, grace, onUnhealthy, restarts, maintenance } = JSON.parse(text) as ServicePolicy;
    const isWhole =
      /^\w[\w.-]*\.service$/.test(unit) &&
      isHealthCheck(health) &&
      [grace, restarts.most, restarts.within].every(isPositive) &&
      ON_UNHEALTHY.includes(onUnhealthy) &&
      maintenance.every(isWindow);
    if (!isWhole) return undefined;
    return { unit, heartbeat: NO_HEARTBEAT, restarts, maintenance, service: { health, grace, onUnhealthy } };
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
