import type { AgentSpec, BudgetSpec, CredentialSpec, Fleet, ProviderSpec } from "../config/fleet.ts";
import { limitsFile } from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import { type AccountLimits, ANY_PROVIDER, type HostBudget } from "../model/limits.ts";
import type { Prices } from "../model/usage.ts";
import type { Compiler } from "./definition.ts";
import { rootFile } from "./root-files.ts";

/**
 * Returns the file with the accounts that agents on a host share, and with the budgets of the host. Returns no items if
 * there are none. The file belongs to the platform's stack, because it joins agents of several tenants.
 */
export function limitItems(fleet: Fleet, host: string, { keep }: Compiler): Items {
  const limits = accountLimits(fleet, host);
  if (Object.keys(limits.accounts).length === 0 && limits.budgets.length === 0) return {};
  return { limits: rootFile(limitsFile(), keep(`${JSON.stringify(limits, null, 2)}\n`), "0600") };
}

/** Returns what a host must know about accounts and budgets. */
export function accountLimits(fleet: Fleet, host: string): AccountLimits {
  const agents = Object.values(fleet.agents).filter((agent) => agent.host === host);
  const uses = agents.flatMap((agent) =>
    Object.entries(accountsOf(fleet, agent)).map(([provider, account]) => ({
      agent: agent.name,
      provider,
      account,
    })),
  );
  const shared = [...Map.groupBy(uses, ({ account }) => account).values()].filter(
    (all) => new Set(all.map(({ agent }) => agent)).size > 1,
  );
  const byAgent = Map.groupBy(shared.flat(), ({ agent }) => agent);
  return {
    accounts: Object.fromEntries(
      [...byAgent].map(([agent, all]) => [
        agent,
        Object.fromEntries(all.map(({ provider, account }) => [provider, account])),
      ]),
    ),
    budgets: Object.values(fleet.budgets).flatMap((budget) => hostBudget(fleet, budget, agents)),
  };
}

/**
 * Returns the account of an agent for each of its providers. Agents with the same account are refused together. An agent
 * whose runtime changes the provider by itself has no account that stops it.
 */
export function accountsOf(fleet: Fleet, agent: AgentSpec): Readonly<Record<string, string>> {
  const { failover, fallbacks = [], model, credentials } = agent;
  if (fallbacks.length > 0) return {};
  if (failover === undefined) {
    const account = accountOf(fleet, credentials, providerOf(fleet, credentials, model.provider));
    return account === undefined ? {} : { [ANY_PROVIDER]: account };
  }
  return Object.fromEntries(
    failover.choices.flatMap((choice) => {
      const account = accountOf(fleet, choice.credentials, fleet.providers[choice.provider]);
      return account === undefined ? [] : [[choice.provider, account]];
    }),
  );
}

/** Returns the provider of an agent's credentials or, if they name none, the only provider of the vendor. */
function providerOf(
  fleet: Fleet,
  credentials: readonly string[],
  vendor: string | undefined,
): ProviderSpec | undefined {
  const named = credentials.flatMap((name) => fleet.providers[fleet.credentials[name]?.provider ?? ""] ?? []);
  const ofVendor = Object.values(fleet.providers).filter((one) => one.vendor === vendor);
  return (
    named.find((one) => vendor === undefined || one.vendor === vendor) ??
    (ofVendor.length === 1 ? ofVendor[0] : undefined)
  );
}

/** The names of variables that contain the key or the login of a model provider. */
const MODEL_KEY = /_(?:API_KEY|AUTH_TOKEN|OAUTH_TOKEN)$/;

function accountOf(
  fleet: Fleet,
  names: readonly string[],
  provider: ProviderSpec | undefined,
): string | undefined {
  if (provider?.account !== undefined) return `${provider.vendor} ${provider.account}`;
  const credentials = names.flatMap((name) => fleet.credentials[name] ?? []);
  const own =
    credentials.find((one) => provider !== undefined && one.provider === provider.name) ??
    credentials.find(({ env = "", provider }) => provider === undefined && MODEL_KEY.test(env));
  return own === undefined ? undefined : `of ${secretName(fleet, own)}`;
}

/** Returns the first of all credentials with the same source, because they contain the same secret. */
function secretName({ credentials }: Fleet, { name, from }: CredentialSpec): string {
  return Object.values(credentials).find((one) => one.from === from)?.name ?? name;
}

/** Returns the agents that use a budget. */
export function agentsOfBudget(fleet: Fleet, { agent, tenant, account }: BudgetSpec): AgentSpec[] {
  return Object.values(fleet.agents).filter(
    (one) =>
      (agent === undefined || one.name === agent) &&
      (tenant === undefined || one.tenant === tenant) &&
      (account === undefined || providersOf(fleet, one).some((provider) => provider.account === account)),
  );
}

/** Returns the declared prices of the models that an agent can use. */
export function pricesOf(fleet: Fleet, agent: AgentSpec): Prices {
  // The prices of the preferred provider come last, so that they replace other prices of the same model.
  return Object.assign(
    {},
    ...providersOf(fleet, agent)
      .reverse()
      .map(({ prices = {} }) => prices),
  ) as Prices;
}

/** Returns the providers of an agent, the preferred one first. */
function providersOf(
  fleet: Fleet,
  { failover, fallbacks = [], model, credentials }: AgentSpec,
): ProviderSpec[] {
  if (failover !== undefined)
    return failover.choices.flatMap(({ provider }) => fleet.providers[provider] ?? []);
  return [model, ...fallbacks].flatMap(({ provider }) => providerOf(fleet, credentials, provider) ?? []);
}

/**
 * Returns the part of a budget that a host watches. Each host counts only its own agents, so each host gets a share of
 * the budget in proportion to its agents. All hosts together then never exceed the budget.
 */
function hostBudget(fleet: Fleet, budget: BudgetSpec, agents: readonly AgentSpec[]): HostBudget[] {
  const all = agentsOfBudget(fleet, budget);
  const own = all.filter((agent) => agents.includes(agent));
  if (own.length === 0) return [];
  const { name, per, tokens, cost, warn, onUsedUp } = budget;
  const share = own.length / all.length;
  return [
    {
      ...{ name, agents: own.map((agent) => agent.name), per, warn, onUsedUp },
      ...(tokens !== undefined && { tokens: tokens * share }),
      ...(cost !== undefined && {
        cost: cost * share,
        prices: Object.fromEntries(own.map((agent) => [agent.name, pricesOf(fleet, agent)])),
      }),
    },
  ];
}

/** Whether a budget can keep the jobs of an agent from starting, while the agent itself runs. */
export function hasBudgetForJobs(fleet: Fleet, agent: AgentSpec): boolean {
  return Object.values(fleet.budgets).some(
    (budget) => budget.onUsedUp === "pause-jobs" && agentsOfBudget(fleet, budget).includes(agent),
  );
}
