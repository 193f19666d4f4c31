import { heldCredentials } from "./credential-holders.ts";
import type { Lint } from "./lint.ts";

/**
 * Refuses an OAuth login on two hosts. Its refresh token can be used only once, so the copies revoke each
 * other.
 */
export const oauthOnTwoHosts: Lint = (fleet) => {
  const logins = heldCredentials(fleet).filter(({ credential }) => credential.type === "oauth");
  return [...Map.groupBy(logins, ({ credential }) => credential.from).values()].flatMap((group) => {
    const hosts = [...new Set(group.flatMap((held) => held.listedBy.map((agent) => agent.host)))];
    if (hosts.length < 2) return [];
    return group.map(({ credential }) => ({
      keys: ["credentials", credential.name],
      sentence:
        `is an OAuth login on the hosts ${hosts.join(", ")}: its copies revoke each other ` +
        "when one is refreshed; use one login for each host, or an API key for each agent",
    }));
  });
};
