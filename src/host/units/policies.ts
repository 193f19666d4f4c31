import { dirname } from "node:path";
import { areFailureRecords, isScreenForm } from "../../model/conversation.ts";
import {
  HEARTBEAT_SENDERS,
  HEARTBEATS,
  type MaintenanceWindow,
  ON_UNHEALTHY,
  type Policy,
  type ServicePolicy,
} from "../../model/deadman.ts";
import { isFailoverPolicy } from "../../model/failover.ts";
import { isHealthCheck } from "../../model/health-check.ts";
import { agentUnit, policyFile, servicePolicyFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";
import { listFolder } from "../system/read-if-present.ts";

/**
 * A unit that the deadman watches, with its policy. The unit belongs to an agent, or to a service with a health check.
 */
export interface WatchedUnit extends Policy {
  /** The name of the agent or service. */
  readonly agent: string;
  readonly unit: string;
  /** Present only for a service. */
  readonly service?: Pick<ServicePolicy, "health" | "grace" | "onUnhealthy">;
}

/** Reads the policies that `up` wrote, by agent. An invalid policy is skipped; the next `up` rewrites it. */
export function readPolicies(host: Host): ReadonlyMap<string, WatchedUnit> {
  const names = listPolicies(dirname(policyFile("", host.paths.hostd)));
  const watched = names.flatMap((agent): [string, WatchedUnit][] => {
    const policy = parsePolicy(readPolicy(policyFile(agent, host.paths.hostd)));
    return policy === undefined ? [] : [[agent, { ...policy, agent, unit: agentUnit(agent) }]];
  });
  return new Map(watched);
}

/** Reads the policies of services with a health check, by a key that cannot be the name of an agent. */
export function readServices(host: Host): ReadonlyMap<string, WatchedUnit> {
  const names = listPolicies(dirname(servicePolicyFile("", host.paths.hostd)));
  const watched = names.flatMap((name): [string, WatchedUnit][] => {
    const policy = parseServicePolicy(readPolicy(servicePolicyFile(name, host.paths.hostd)));
    return policy === undefined ? [] : [[`service ${name}`, { ...policy, agent: name }]];
  });
  return new Map(watched);
}

function readPolicy(path: string): string | undefined {
  try {
    return readOwn(path)?.toString("utf8");
  } catch {
    return undefined;
  }
}

function listPolicies(folder: string): string[] {
  return listFolder(folder).flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []);
}

/** The maximum length of a policy in characters. */
const CAP = 64 * 1024;

/**
 * Parses an agent's policy and checks all of its fields. A tenant's stack writes the policies of its own
 * agents, and an invalid policy must not stop the deadman from watching other agents.
 *
 * @returns undefined if the policy is truncated, too long or from another version of Muster
 */
export function parsePolicy(text = ""): Policy | undefined {
  try {
    if (text.length > CAP) return undefined;
    const policy = JSON.parse(text) as Policy;
    const { heartbeat, restarts, maintenance, ttl, failover, showsWork, screen, failures } = policy;
    const numbers = [heartbeat.interval, heartbeat.timeout, restarts.most, restarts.within, ttl ?? 1];
    const isValid =
      HEARTBEATS.includes(heartbeat.by) &&
      (heartbeat.sent === undefined || HEARTBEAT_SENDERS.includes(heartbeat.sent)) &&
      numbers.every(isPositive) &&
      maintenance.every(isWindow) &&
      (screen === undefined || isScreenForm(screen)) &&
      (failures === undefined || areFailureRecords(failures));
    if (!isValid || !(failover === undefined || isFailoverPolicy(failover))) return undefined;
    return {
      heartbeat,
      restarts,
      maintenance,
      ...(ttl !== undefined && { ttl }),
      ...(failover && { failover }),
      ...(showsWork === true && { showsWork }),
      ...(screen && { screen }),
      ...(failures && { failures }),
    };
  } catch {
    return undefined;
  }
}

/** A service has no heartbeat. Only its health check shows that it is alive. */
const NO_HEARTBEAT = { by: "none", interval: 15, timeout: 60 } as const;

/** Like `parsePolicy`, but for the policy of a service. */
export function parseServicePolicy(text = ""): Omit<WatchedUnit, "agent"> | undefined {
  try {
    if (text.length > CAP) return undefined;
    const { unit, health, grace, onUnhealthy, restarts, maintenance } = JSON.parse(text) as ServicePolicy;
    const isValid =
      /^\w[\w.-]*\.service$/.test(unit) &&
      isHealthCheck(health) &&
      [grace, restarts.most, restarts.within].every(isPositive) &&
      ON_UNHEALTHY.includes(onUnhealthy) &&
      maintenance.every(isWindow);
    if (!isValid) return undefined;
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
