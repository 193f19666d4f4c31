import type { Fleet } from "../config/fleet.ts";
import type { Declaration, Plan } from "../model/declaration.ts";
import { digestOf } from "../model/digest.ts";
import type { Digest } from "../model/items.ts";
import { agentAccount } from "./account.ts";
import { agent } from "./agent/index.ts";
import type { ResourceDefinition, RuntimeVersion } from "./definition.ts";
import { handoffs } from "./handoffs.ts";
import { host } from "./host.ts";
import { hostJobs } from "./host-jobs.ts";
import { installation } from "./installation.ts";
import { reader } from "./reader.ts";
import { service } from "./service.ts";
import { tenant } from "./tenant.ts";

/**
 * All resource types. Each type follows the types that it needs. To add a type, add a file in this folder, a line here,
 * and a case file.
 */
export const definitions: readonly ResourceDefinition[] = [
  host,
  installation,
  tenant,
  reader,
  agentAccount,
  agent,
  hostJobs,
  service,
  handoffs,
];

/**
 * Compiles the fleet to plain data that describes the wanted resources of each host.
 *
 * @returns the declarations, each after the declarations that it needs, and the texts to which they refer by
 *   digest
 */
export function compilePlan(fleet: Fleet, runtime: RuntimeVersion): Plan {
  const contents: Record<Digest, string> = {};
  const keep = (text: string): Digest => {
    const digest = digestOf(text);
    contents[digest] = text;
    return digest;
  };
  const declarations: Declaration[] = definitions.flatMap((one) => one.declare(fleet, { keep, runtime }));
  return { declarations: protectNeeds(declarations), contents };
}

/**
 * Also protects everything that a protected resource needs. For example, the host of a protected agent cannot
 * be removed.
 */
function protectNeeds(declarations: readonly Declaration[]): Declaration[] {
  const needed = new Set<string>();
  for (const { id, needs, protect } of declarations.toReversed()) {
    if (protect || needed.has(id)) for (const need of needs) needed.add(need);
  }
  return declarations.map((one) => ({ ...one, protect: one.protect || needed.has(one.id) }));
}
