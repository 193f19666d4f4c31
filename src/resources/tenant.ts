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
      items: {
        group: { kind: "group", name: tenant, want: { present: true } },
        ...byName(new Set(agents.map(({ user }) => user)), (user) => [
          `user ${user}`,
          userItem(user, tenant),
        ]),
        ...byName(new Map(agents.flatMap(homesOf)), ([home, user]) => [home, homeItem(home, user, tenant)]),
      },
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

function byName<T>(all: Iterable<T>, make: (one: T) => readonly [string, HostItem]): Items {
  return Object.fromEntries([...all].map(make));
}

/** Under `isolation: tenant` a user has a home of its own beside those of its agents. */
function homesOf(agent: AgentSpec): [home: string, user: string][] {
  return [
    [homeOf(agent.user), agent.user],
    [agent.home, agent.user],
  ];
}

function homeOf(user: string): string {
  return `/home/${user}`;
}

function userItem(user: string, tenant: string): HostItem {
  const want = { present: true, group: tenant, home: homeOf(user), shell: "/bin/bash" } as const;
  return { kind: "user", name: user, want };
}

function homeItem(path: string, user: string, tenant: string): HostItem {
  const want = { type: "directory", owner: user, group: tenant, mode: "0700" } as const;
  return { kind: "directory", path, onRemove: "aside", want };
}
