import { accountId, tenantId } from "../model/resource-id.ts";
import type { ResourceDefinition } from "./definition.ts";
import { formerIds } from "./former-ids.ts";
import { hasAccount, untilTakeOver, userOf } from "./linux-users.ts";

/**
 * The Linux user of an agent of a tenant with its own stack. A tenant's stack must not create users, so the platform's
 * stack creates this user. The user is a separate resource, so that it is removed after all other parts of the agent.
 * For agents of other tenants, the user is an item of the Agent resource.
 */
export const agentAccount: ResourceDefinition = {
  type: "Account",
  declare: (fleet) =>
    Object.values(fleet.agents)
      .filter((agent) => hasAccount(fleet, agent))
      .map((agent) => {
        const { host, tenant, name, protect } = agent;
        return {
          ...{ type: "Account", id: accountId(host, name), host, tenant, agent: name, protect },
          needs: [tenantId(host, tenant)],
          formerly: formerIds(fleet, host, agent, accountId),
          items: untilTakeOver([agent], userOf([agent])),
        };
      }),
};
