import { partItems } from "../../model/agent-parts.ts";
import type { Items } from "../../model/items.ts";
import { accountId, agentId, installationId, tenantId } from "../../model/resource-id.ts";
import type { ResourceDefinition } from "../definition.ts";
import { formerIds } from "../former-ids.ts";
import { hasAccount, untilTakeOver } from "../linux-users.ts";
import { contactsPart } from "./contacts.ts";
import { credentialsPart } from "./credentials.ts";
import { identityPart } from "./identity.ts";
import { jobsPart } from "./jobs.ts";
import type { AgentPartDefinition } from "./part.ts";
import { unitPart } from "./unit.ts";

/**
 * The parts of an agent. To add a part, add a file in this folder, a line here, its name in `model/agent-parts.ts`,
 * and a case file.
 */
const PARTS: readonly AgentPartDefinition[] = [
  identityPart,
  credentialsPart,
  contactsPart,
  unitPart,
  jobsPart,
];

/** All items of an agent on its host, as one resource. docs/adr/0038 gives the reasons. */
export const agent: ResourceDefinition = {
  type: "Agent",
  declare: (fleet, compiler) => {
    const parts = PARTS.map(({ part, build }) => ({ part, itemsOf: build(fleet, compiler) }));
    return Object.values(fleet.agents).map((one) => {
      const { host, tenant, name, protect } = one;
      const items: Items = Object.assign(
        {},
        ...parts.map(({ part, itemsOf }) => partItems(part, untilTakeOver([one], itemsOf(one)))),
      );
      return {
        ...{ type: "Agent", id: agentId(host, name), host, tenant, agent: name, protect, items },
        needs: [
          hasAccount(fleet, one) ? accountId(host, name) : tenantId(host, tenant),
          ...(one.pinned === undefined ? [] : [installationId(host, one.pinned)]),
        ],
        formerly: formerIds(fleet, host, one, agentId),
      };
    });
  },
};
