import type { AgentSpec, Fleet } from "../config/fleet.ts";
import type { Items } from "../model/items.ts";
import { hostId, tenantId } from "../model/resource-id.ts";
import type { TenantScope } from "../model/tenant-scope.ts";
import { isLimited, type Limits, limitLines } from "../model/unit-limits.ts";
import { credentialsDir } from "./agent/credentials.ts";
import type { Compiler, ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { gateItems } from "./gate-account.ts";
import { hardening } from "./hardening.ts";
import { account, untilTakeOver } from "./linux-users.ts";
import { unitFile } from "./root-files.ts";
import { sliceName, unitName } from "./unit-names.ts";

/**
 * The agents of a tenant on one host. There is at least one agent, because a tenant exists only on the hosts
 * of its agents.
 */
interface Presence {
  readonly host: string;
  readonly tenant: string;
  readonly agents: readonly [AgentSpec, ...AgentSpec[]];
}

/**
 * A tenant on a host: its Linux group and, with `isolation: tenant`, the user that all its agents share. A tenant with
 * limits or with its own stack also has a systemd slice. A tenant with its own stack also has a gate, through which its
 * stack connects.
 */
export const tenant: ResourceDefinition = {
  type: "Tenant",
  declare: (fleet, compiler) =>
    presences(fleet).map((presence) => ({
      type: "Tenant",
      id: tenantId(presence.host, presence.tenant),
      host: presence.host,
      tenant: presence.tenant,
      needs: [hostId(presence.host)],
      formerly: formerTenantIds(fleet, presence),
      protect: fleet.tenants[presence.tenant]?.protect ?? false,
      items: {
        group: { kind: "group", name: presence.tenant, want: { present: true } },
        ...commonUser(fleet, presence),
        ...slice(fleet, presence, compiler),
        ...gateOf(fleet, presence, compiler),
      },
    })),
};

function presences(fleet: Fleet): Presence[] {
  const byPlace = Map.groupBy(Object.values(fleet.agents), (one) => tenantId(one.host, one.tenant));
  return [...byPlace.values()].map((agents) => {
    const [{ host, tenant }] = agents as [AgentSpec];
    return { host, tenant, agents: agents as [AgentSpec, ...AgentSpec[]] };
  });
}

function commonUser(fleet: Fleet, { tenant, agents }: Presence): Items {
  return fleet.tenants[tenant]?.isolation === "tenant" ? untilTakeOver(agents, account(agents)) : {};
}

function gateOf(fleet: Fleet, presence: Presence, compiler: Compiler): Items {
  const { tenant } = presence;
  const key = fleet.tenants[tenant]?.key;
  if (key === undefined) return {};
  const gate = { kind: "tenant", name: tenant, keys: [key], scope: scopeOf(fleet, presence) } as const;
  return gateItems(gate, compiler);
}

function scopeOf(fleet: Fleet, { host, tenant, agents }: Presence): TenantScope {
  return {
    host,
    tenant,
    slice: sliceName(tenant),
    agents: agents.map((agent) => ({
      name: agent.name,
      user: agent.user,
      home: agent.home,
      unit: unitName(agent),
      credentials: credentialsDir(agent),
      hardening: Object.fromEntries(hardening(fleet, agent)),
    })),
  };
}

/** Returns the slice with the limits for the sum of the tenant's agents on a host. */
function slice(fleet: Fleet, { tenant }: Presence, compiler: Compiler): Items {
  const { key, limits = {} } = fleet.tenants[tenant] ?? {};
  if (key === undefined && !isLimited(limits)) return {};
  const name = sliceName(tenant);
  return {
    "slice file": sliceFile(tenant, limits, compiler),
    limits: { kind: "limits", name, want: { ...limits, overrides: "none" } },
  };
}

function sliceFile(tenant: string, limits: Limits, compiler: Compiler): Items[string] {
  const accounting = ["CPU", "Memory", "Tasks"].map((what) => `${what}Accounting=yes\n`);
  const lines = [...accounting, ...limitLines(limits).map(([key, value]) => `${key}=${value}\n`)].join("");
  const content = compiler.keep(`[Unit]\nDescription=Muster agents of ${tenant}\n\n[Slice]\n${lines}`);
  return unitFile(sliceName(tenant), content);
}

function formerTenantIds(fleet: Fleet, { host, tenant }: Presence): string[] {
  return formerIds(fleet, host, fleet.tenants[tenant] ?? { name: tenant, formerly: [] }, tenantId);
}
