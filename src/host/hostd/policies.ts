import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { agentUnit, policyFile } from "../../model/layout.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../reason.ts";
import { readOwn } from "../store/files.ts";
import { parsePolicy } from "./policy.ts";
import type { Charge } from "./turn.ts";

/** The policies that `up` wrote, by agent. One that cannot be parsed concerns its own agent alone. */
export function readPolicies(host: Host): ReadonlyMap<string, Charge> {
  const names = agentsIn(dirname(policyFile("", host.paths.hostd)));
  const charges = names.flatMap((agent): Charge[] => {
    const policy = parsePolicy(readOwn(policyFile(agent, host.paths.hostd))?.toString("utf8"));
    return policy === undefined ? [] : [{ ...policy, agent, unit: agentUnit(agent) }];
  });
  return new Map(charges.map((charge) => [charge.agent, charge]));
}

function agentsIn(dir: string): string[] {
  try {
    return readdirSync(dir).flatMap((name) => /^([a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
