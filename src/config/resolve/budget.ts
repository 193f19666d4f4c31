import type { BudgetSpec } from "../fleet/budgets.ts";
import type { ProviderSpec } from "../fleet.ts";
import type { RawBudget } from "../fleet-yaml-types.ts";
import { didYouMean } from "../suggest.ts";
import type { Resolver } from "./context.ts";

/** The percentage of a budget at which an event is recorded by default. */
const WARN = 80;

const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9 };

/** Creates the resolver of budgets. @param providers the resolved providers, which declare the accounts */
export function budgetResolver(
  providers: Readonly<Record<string, ProviderSpec>>,
): Resolver<RawBudget, BudgetSpec> {
  return (name, raw, keys, { report, source }) => {
    const { agent, tenant, account, tokens, cost } = raw;
    if ([agent, tenant, account].filter((one) => one !== undefined).length > 1)
      report.error(source, keys, "must have only one of `agent`, `tenant` and `account`", "key");
    if (tokens === undefined && cost === undefined)
      report.error(source, keys, "must have `tokens` or `cost`", "key");
    const accounts = new Set(Object.values(providers).flatMap((one) => one.account ?? []));
    if (account !== undefined && !accounts.has(account))
      report.error(
        source,
        [...keys, "account"],
        `no provider has the account "${account}"${didYouMean(account, accounts)}`,
      );
    return {
      ...{ name, per: raw.per, warn: raw.warn ?? WARN, onUsedUp: raw.onUsedUp ?? "report" },
      ...(agent !== undefined && { agent }),
      ...(tenant !== undefined && { tenant }),
      ...(account !== undefined && { account }),
      ...(tokens !== undefined && { tokens: tokensOf(tokens) }),
      ...(cost !== undefined && { cost }),
    };
  };
}

function tokensOf(written: number | string): number {
  const [, number, unit = ""] = /^(\d+)([kMG]?)$/.exec(`${written}`) ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}
