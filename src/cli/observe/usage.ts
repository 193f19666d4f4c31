import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import { type BudgetUse, budgetUse, periodOf } from "../../model/limits.ts";
import type { ParkedAgent } from "../../model/protocol.ts";
import {
  addCosts,
  addTokens,
  type Cost,
  costOf,
  NO_TOKENS,
  type Tokens,
  type Usage,
} from "../../model/usage.ts";
import { accountsOf, agentsOfBudget, pricesOf } from "../../resources/account-limits.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type OpenHost, queryHost } from "../query-host.ts";
import type { Selection } from "../selection.ts";
import { codesOfAgents, selectedAgents } from "./agents.ts";
import type { HostReport } from "./fleet-report.ts";

/** The usage of one agent on one day with one model. */
export interface UsageRow extends Tokens, Cost {
  readonly date: string;
  readonly agent: string;
  readonly tenant: string;
  readonly host: string;
  readonly model: string;
  readonly requests: number;
}

/** The usage of all selected days, by the name of an agent, a tenant or an account. */
export interface UsageTotal extends Tokens, Cost {
  readonly name: string;
  readonly requests: number;
}

/** A declared budget, and how much of it the agents have used in the current period. */
export interface BudgetRow extends BudgetUse {
  readonly budget: string;
  readonly per: "day" | "month";
  /** The declared limits. */
  readonly ofTokens?: number;
  readonly ofCost?: number;
}

export interface UsageReport {
  readonly from: string;
  readonly to: string;
  readonly hosts: readonly HostReport[];
  readonly rows: readonly UsageRow[];
  readonly agents: readonly UsageTotal[];
  readonly tenants: readonly UsageTotal[];
  readonly accounts: readonly UsageTotal[];
  readonly budgets: readonly BudgetRow[];
  readonly parked: readonly ParkedAgent[];
}

/** Reads the usage of the selected agents from their hosts. @param days the number of days, with today as the last */
export async function observeUsage(
  fleet: Fleet,
  selection: Selection,
  open: OpenHost,
  days: number,
  now = new Date(),
): Promise<UsageReport> {
  const selected = selectedAgents(fleet, selection);
  const to = now.toISOString().slice(0, 10);
  const from = new Date(now.getTime() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
  // The budgets need the complete current month.
  const first = [from, periodOf("month", now).from].sort()[0] ?? from;
  const answers = await Promise.all(
    [...selected.keys()].map((host) =>
      queryHost(fleet, host, open, (reader) => reader.usage({ op: "usage", from: first })),
    ),
  );
  const agents = [...selected.values()].flat();
  const found = answers.flatMap(({ host, answer }) =>
    (answer?.usage ?? []).flatMap((usage) => ownUsage(agents, host.host, usage)),
  );
  const rows = found.filter(({ usage: { date } }) => date >= from).map((one) => rowOf(fleet, one));
  const names = new Set(agents.map(({ name }) => name));
  return {
    ...{ from, to, hosts: answers.map(({ host }) => host), rows: rows.toSorted(byDate) },
    agents: totalsBy(rows, ({ agent }) => agent),
    tenants: totalsBy(rows, ({ tenant }) => tenant),
    accounts: totalsBy(rows, ({ agent }) => accountName(fleet, agent)),
    budgets: budgetRows(fleet, names, found, now),
    parked: answers.flatMap(({ answer }) => (answer?.parked ?? []).filter(({ agent }) => names.has(agent))),
  };
}

interface Found {
  readonly agent: AgentSpec;
  readonly host: string;
  readonly usage: Usage;
}

/** Returns the usage if it belongs to a selected agent, under its current name or a former one. */
function ownUsage(agents: readonly AgentSpec[], host: string, usage: Usage): Found[] {
  const agent =
    agents.find(({ name }) => name === usage.agent) ??
    agents.find(({ formerly }) => formerly.includes(usage.agent));
  return agent === undefined ? [] : [{ agent, host, usage: { ...usage, agent: agent.name } }];
}

function rowOf(fleet: Fleet, { agent, host, usage }: Found): UsageRow {
  const { date, model, input, output, cacheRead, cacheWrite, requests } = usage;
  return {
    ...{ date, agent: agent.name, tenant: agent.tenant, host, model, requests },
    ...{ input, output, cacheRead, cacheWrite },
    ...costOf(usage, pricesOf(fleet, agent)),
  };
}

function byDate(a: UsageRow, b: UsageRow): number {
  const [one, other] = [a, b].map(({ date, agent, model }) => `${date} ${agent} ${model}`);
  return (one ?? "") < (other ?? "") ? -1 : 1;
}

function totalsBy(rows: readonly UsageRow[], nameOf: (row: UsageRow) => string): UsageTotal[] {
  return [...Map.groupBy(rows, nameOf)]
    .map(([name, own]) => ({
      ...{ name, requests: own.reduce((sum, { requests }) => sum + requests, 0) },
      ...own.reduce<Tokens>((sum, row) => addTokens(sum, row), NO_TOKENS),
      ...addCosts(own),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns the account of an agent's first provider. */
function accountName(fleet: Fleet, name: string): string {
  const agent = fleet.agents[name];
  const [account] = agent === undefined ? [] : Object.values(accountsOf(fleet, agent));
  return account ?? `of ${name}`;
}

/** Returns the budgets of which all agents are selected. */
function budgetRows(
  fleet: Fleet,
  names: ReadonlySet<string>,
  found: readonly Found[],
  now: Date,
): BudgetRow[] {
  const usage = found.map((one) => one.usage);
  const prices = (name: string) => {
    const agent = fleet.agents[name];
    return agent === undefined ? {} : pricesOf(fleet, agent);
  };
  return Object.values(fleet.budgets).flatMap((budget) => {
    const agents = agentsOfBudget(fleet, budget).map(({ name }) => name);
    if (agents.length === 0 || !agents.every((name) => names.has(name))) return [];
    const { name, per, tokens, cost } = budget;
    return [
      {
        ...{ budget: name, per, ...budgetUse({ ...budget, agents }, usage, prices, now) },
        ...(tokens !== undefined && { ofTokens: tokens }),
        ...(cost !== undefined && { ofCost: cost }),
      },
    ];
  });
}

/** Returns all exit codes that apply: also if a budget is used up. */
export function codesOfUsage({ hosts, budgets }: UsageReport): ExitCode[] {
  return [...(budgets.some(({ share }) => share >= 1) ? [EXIT.policy] : []), ...codesOfAgents({ hosts })];
}
