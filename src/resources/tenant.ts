import type { AgentSpec, Fleet } from "../spec/fleet.ts";
import { account } from "./account.ts";
import type { ResourceDefinition } from "./definition.ts";
import { formerIds, hostId, tenantId } from "./ids.ts";

/** A tenant on a host: its Linux group, and under `isolation: tenant` the one user of all its agents. */
export const tenant: ResourceDefinition = {
  type: "Tenant",
  declare: (fleet) =>
    presences(fleet).map(({ host, tenant, user }) => ({
      type: "Tenant",
      id: tenantId(host, tenant),
      host,
      tenant,
      needs: [hostId(host)],
      formerly: formerIds(fleet, host, fleet.tenants[tenant] ?? { name: tenant, formerly: [] }, tenantId),
      protect: fleet.tenants[tenant]?.protect ?? false,
      items: {
        group: { kind: "group", name: tenant, want: { present: true } },
        ...(fleet.tenants[tenant]?.isolation === "tenant" ? account(user, tenant) : {}),
      },
    })),
};

/** A tenant is on the hosts that its agents are on. @returns one agent of each tenant on each host */
function presences(fleet: Fleet): AgentSpec[] {
  const byPlace = Object.values(fleet.agents).map((one) => [tenantId(one.host, one.tenant), one] as const);
  return [...new Map(byPlace).values()];
}
