import { hasAccount, userOf } from "./account.ts";
import type { ResourceDefinition } from "./definition.ts";
import { tenantId } from "./ids.ts";
import { ofAgents } from "./of-agents.ts";

/**
 * The Linux user of an agent whose tenant has a stack of its own: that stack may make no users, so the platform makes
 * them. Elsewhere the user is the identity's. A resource of its own, so that it too goes after all else of the agent.
 */
export const agentAccount: ResourceDefinition = {
  type: "Account",
  declare: (fleet) =>
    ofAgents(fleet, "Account", "account", (agent) => {
      const { host, tenant, user } = agent;
      return hasAccount(fleet, agent)
        ? { needs: [tenantId(host, tenant)], items: userOf(user, tenant) }
        : undefined;
    }),
};
