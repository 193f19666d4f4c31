import { accountId, tenantId } from "../model/resource-id.ts";
import type { ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { hasAccount, userOf } from "./linux-users.ts";

/**
 * The Linux user of an agent whose tenant has its own stack. Such a stack must not create users, so the
 * platform's stack does. The user is a separate resource, so that it is removed after the rest of the agent.
 * For all other agents the user is an item of the Agent resource.
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
