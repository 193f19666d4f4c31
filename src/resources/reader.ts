import type { Fleet, ReaderSpec } from "../config/fleet.ts";
import { isObservedOnly } from "../config/observe-only.ts";
import type { Declaration } from "../model/declaration.ts";
import type { ReadScope } from "../model/reader-scope.ts";
import { hostId, readerId } from "../model/resource-id.ts";
import type { Compiler, ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { gateItems } from "./gate-account.ts";

/**
 * A key that can read the applied state of a host, for all tenants or for one tenant. The key cannot change anything.
 */
export const reader: ResourceDefinition = {
  type: "Reader",
  declare: (fleet, compiler) =>
    Object.values(fleet.readers).flatMap((one) =>
      hostsOf(fleet, one).map((host) => declare(fleet, one, host, compiler)),
    ),
};

/**
 * Returns the hosts that a reader can read: for a reader with a tenant, the hosts with agents of this tenant; for all
 * other readers, all managed hosts.
 */
export function hostsOf(fleet: Fleet, { tenant }: ReaderSpec): string[] {
  return Object.keys(fleet.hosts).filter(
    (host) =>
      !isObservedOnly(fleet.hosts[host]) &&
      (tenant === undefined || agentsOn(fleet, host, tenant).length > 0),
  );
}

function declare(
  fleet: Fleet,
  { name, key, tenant }: ReaderSpec,
  host: string,
  compiler: Compiler,
): Declaration {
  const agents = tenant === undefined ? [] : agentsOn(fleet, host, tenant);
  const scope: ReadScope = { host, ...(tenant !== undefined && { tenant: { name: tenant, agents } }) };
  return {
    type: "Reader",
    id: readerId(host, name),
    host,
    needs: [hostId(host)],
    formerly: formerIds(fleet, host, { name, formerly: [] }, readerId),
    protect: false,
    items: gateItems({ kind: "read", name, keys: [key], scope }, compiler),
  };
}

function agentsOn(fleet: Fleet, host: string, tenant: string): string[] {
  const there = Object.values(fleet.agents).filter((agent) => agent.host === host && agent.tenant === tenant);
  return there.map(({ name }) => name);
}
