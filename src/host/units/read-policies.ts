import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { agentUnit, policyFile, servicePolicyFile } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import type { WatchedUnit } from "../hostd/types.ts";
import { readOwn } from "../store/files.ts";
import { hasCode } from "../system/error-reason.ts";
import { parsePolicy, parseServicePolicy } from "./parse-policy.ts";

/** The policies that `up` wrote, by agent. One that cannot be read concerns its own agent alone. */
export function readPolicies(host: Host): ReadonlyMap<string, WatchedUnit> {
  const names = namesIn(dirname(policyFile("", host.paths.hostd)));
  const charges = names.flatMap((agent): WatchedUnit[] => {
    const policy = parsePolicy(textOf(policyFile(agent, host.paths.hostd)));
    return policy === undefined ? [] : [{ ...policy, agent, unit: agentUnit(agent) }];
  });
  return new Map(charges.map((charge) => [charge.agent, charge]));
}

/** The services that have a health check, by a key that no agent has. */
export function readServices(host: Host): ReadonlyMap<string, WatchedUnit> {
  const names = namesIn(dirname(servicePolicyFile("", host.paths.hostd)));
  const charges = names.flatMap((name): [string, WatchedUnit][] => {
    const charge = parseServicePolicy(textOf(servicePolicyFile(name, host.paths.hostd)));
    return charge === undefined ? [] : [[`service ${name}`, { ...charge, agent: name }]];
  });
  return new Map(charges);
}

/** Whatever a person put in the place of a policy holds up nobody; `up` mends it. */
function textOf(path: string): string | undefined {
  try {
    return readOwn(path)?.toString("utf8");
  } catch {
    return undefined;
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
