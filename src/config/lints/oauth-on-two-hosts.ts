import { isLogin } from "../../model/detect-logins.ts";
import { heldCredentials } from "./find-credential-holders.ts";
import type { Lint } from "./lint.ts";

/**
 * Refuses an OAuth login on two hosts. A refresh token can be used only once, so each copy of the login would
 * invalidate the other copy. Muster's provider also compares the values of logins.
 */
export const oauthOnTwoHosts: Lint = (fleet) => {
  const logins = heldCredentials(fleet).filter(({ credential }) => isLogin(credential));
  return [...Map.groupBy(logins, ({ credential }) => credential.from).values()].flatMap((group) => {
    const hosts = [...new Set(group.flatMap((held) => held.listedBy.map((agent) => agent.host)))];
    if (hosts.length < 2) return [];
    return group.map(({ credential }) => ({
      keys: ["credentials", credential.name],
      sentence:
        `is an OAuth login on the hosts ${hosts.join(", ")}: its copies revoke each other ` +
        "when one of them is refreshed; use one login for each host, or an API key for each agent",
    }));
  });
};
