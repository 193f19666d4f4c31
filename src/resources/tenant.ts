import type { HostItem, Items } from "../model/items.ts";
import type { AgentSpec, Fleet } from "../spec/fleet.ts";
import type { ResourceDefinition } from "./definition.ts";
import { hostId, tenantId } from "./ids.ts";

/** A tenant on a host: its Linux group, a user and a home for each uid that its agents run as. */
export const tenant: ResourceDefinition = {
  type: "Tenant",
  declare: (fleet) =>
    presences(fleet).map(({ host, tenant, agents }) => ({
      type: "Tenant",
      id: tenantId(host, tenant),
      host,
      tenant,
      needs: [hostId(host)],
      items: Object.assign(
        { group: { kind: "group", name: tenant, want: { present: true } } } satisfies Items,
        ...accounts(agents).map((agent) => account(agent)),
      ) as Items,
    })),
};

interface Presence {
  readonly host: string;
  readonly tenant: string;
  readonly agents: readonly AgentSpec[];
}

/** A tenant is on the hosts that its agents are on. */
function presences(fleet: Fleet): Presence[] {
  const byPlace = Map.groupBy(Object.values(fleet.agents), (agent) => tenantId(agent.host, agent.tenant));
  return [...byPlace.values()].flatMap((agents) => {
    const first = agents[0];
    return first === undefined ? [] : [{ host: first.host, tenant: first.tenant, agents }];
  });
}

/** One agent for each user: under `isolation: tenant` many agents share one. */
function accounts(agents: readonly AgentSpec[]): AgentSpec[] {
  return [...new Map(agents.map((agent) => [agent.user, agent])).values()];
}

function account(agent: AgentSpec): Record<string, HostItem> {
  return {
    [`user ${agent.user}`]: {
      kind: "user",
      name: agent.user,
      want: { present: true, group: agent.tenant, home: agent.home, shell: "/bin/bash" },
    },
    [`home ${agent.user}`]: {
      kind: "directory",
      path: agent.home,
      onRemove: "aside",
      want: { type: "directory", owner: agent.user, group: agent.tenant, mode: "0700" },
    },
  };
}
