import type { AgentSpec, Fleet, HostSpec, ServiceSpec } from "./fleet.ts";
import type { Remark } from "./lints/lint.ts";
import type { Keys } from "./problem.ts";

/**
 * Refuses an agent, a tenant, a former name or a service's account if its Linux user is the login of the host. Muster
 * ends the processes of such users, and renames and removes the users. After this, nobody could log in to the host.
 * This check is not a lint, because the login may be known only from the inventory, which is not part of fleet.yaml.
 *
 * @param loginOf returns the user with which Muster logs in to a host; undefined if the user is not known
 */
export function loginRemarks(fleet: Fleet, loginOf: (host: string) => string | undefined): Remark[] {
  const agents = Object.values(fleet.agents).flatMap((agent) => usersOf(fleet, agent));
  const services = Object.values(fleet.services).flatMap(accountsOf);
  const claims = new Map([...agents, ...services].map((claim) => [JSON.stringify(claim), claim]));
  return [...claims.values()]
    .filter(({ host, user }) => loginOf(host) === user)
    .map(({ host, user, keys }) => ({
      keys,
      sentence:
        `"${user}" is the login of host "${host}": ending or removing this user would lock you out; ` +
        `use another name here, or another login in hosts.${host}.user`,
    }));
}

/** Returns the login that fleet.yaml declares for a host. */
export function declaredLogin(spec: HostSpec | undefined): string | undefined {
  return spec !== undefined && "user" in spec ? spec.user : undefined;
}

interface Claim {
  readonly host: string;
  readonly user: string;
  readonly keys: Keys;
}

/** Returns the current name and the former names of an agent's user. */
function usersOf({ tenants }: Fleet, { host, name, tenant, user, formerly }: AgentSpec): Claim[] {
  const shared = tenants[tenant]?.isolation === "tenant";
  const [section, entry, former] = shared
    ? ["tenants", tenant, tenants[tenant]?.formerly ?? []]
    : ["agents", name, formerly];
  return [
    { host, user, keys: [section, entry] },
    ...former.map((one) => ({ host, user: one, keys: ["moved", section, one] })),
  ];
}

function accountsOf({ host, name, user, account }: ServiceSpec): Claim[] {
  return account === undefined ? [] : [{ host, user, keys: ["services", name, "account"] }];
}
