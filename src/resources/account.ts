import { accountId, tenantId } from "../model/resource-id.ts";
import type { ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { hasAccount, userOf } from "./linux-users.ts";

/**
 * The Linux user of an agent whose tenant has a stack of its own: that stack may make no users, so the platform makes
 * them. Elsewhere the user is part of its Agent. A resource of its own, so that it too goes after all else of the agent.
 */
export const agentAccount: ResourceDefinition = {
  type: "Account",
  declare: (fleet) =>
    Object.values(fleet.agents)
      .filter((agent) => hasAccount(fleet, agent))
      .map((agent) => {
        const { host, tenant, name, user, protect } = agent;
        return {
          ...{ type: "Account", id: accountId(host, name), host, tenant, agent: name, protect },
          needs: [tenantId(host, tenant)],
          formerly: formerIds(fleet, host, agent, accountId),
          items: userOf(user, tenant),
        };
      }),
};
