import { visible } from "../../base/terminal-text.ts";
import type { Cost, Tokens } from "../../model/usage.ts";
import { byPriority } from "../exit.ts";
import { type BudgetRow, codesOfUsage, type UsageReport, type UsageTotal } from "../observe/usage.ts";
import { silentHosts } from "./silent-hosts.ts";
import { table } from "./table.ts";
import { safeJson } from "./text.ts";

const NUMBERS = ["REQUESTS", "INPUT", "OUTPUT", "CACHED", "COST"];

/** Renders the usage per day and agent, then the totals, the budgets and the parked agents. */
export function renderUsage(report: UsageReport): string {
  const { rows, from, to, budgets } = report;
  const remarks = remarksOn(report).map((line) => `${visible(line)}\n`);
  const parts = [
    rows.length === 0
      ? `No usage is recorded from ${from} to ${to}.\n`
      : table([
          ["DATE", "AGENT", "MODEL", ...NUMBERS],
          ...rows.map((row) => [row.date, row.agent, row.model, ...numbersOf(row)]),
        ]),
    ...(["agents", "tenants", "accounts"] as const).map((kind) =>
      totalsTable(kind, report[kind], rows.length),
    ),
    budgets.length === 0
      ? ""
      : table([["BUDGET", "PER", "USED", "TOKENS", "COST"], ...budgets.map(budgetCells)]),
    remarks.join(""),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

const TITLES = { agents: "AGENT", tenants: "TENANT", accounts: "ACCOUNT" } as const;

/** Returns the totals of one kind. They are omitted if they repeat the first table. */
function totalsTable(kind: keyof typeof TITLES, totals: readonly UsageTotal[], rows: number): string {
  if (rows < 2) return "";
  return table([[TITLES[kind], ...NUMBERS], ...totals.map((one) => [one.name, ...numbersOf(one)])]);
}

function numbersOf(row: Tokens & Cost & { readonly requests: number }): string[] {
  const { requests, input, output, cacheRead, cacheWrite } = row;
  return [`${requests}`, short(input), short(output), short(cacheRead + cacheWrite), costText(row)];
}

/** Returns a cost as text. An unknown cost is never shown as an amount. */
function costText({ usd, isComplete }: Cost): string {
  if (!isComplete) return usd === 0 ? "unknown" : `${dollars(usd)} + unknown`;
  return dollars(usd);
}

function dollars(usd: number): string {
  return `$${usd < 0.1 && usd > 0 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

function short(count: number): string {
  const [unit, size] =
    count >= 1e9 ? ["G", 1e9] : count >= 1e6 ? ["M", 1e6] : count >= 1e4 ? ["k", 1e3] : ["", 1];
  if (unit === "") return `${count}`;
  const value = count / Number(size);
  return `${value < 10 ? value.toFixed(1) : Math.floor(value)}${unit}`;
}

function budgetCells({ budget, per, share, tokens, ofTokens, cost, ofCost }: BudgetRow): string[] {
  return [
    budget,
    per,
    `${Math.floor(share * 100)} %`,
    ofTokens === undefined ? short(tokens) : `${short(tokens)} of ${short(ofTokens)}`,
    ofCost === undefined ? costText(cost) : `${costText(cost)} of ${dollars(ofCost)}`,
  ];
}

function remarksOn({ hosts, rows, budgets, parked }: UsageReport): string[] {
  const isUnknown = rows.some(({ isComplete }) => !isComplete);
  return [
    ...silentHosts(hosts),
    ...budgets.flatMap(({ budget, per, share }) =>
      share >= 1 ? [`The budget ${budget} of this ${per} is used up.`] : [],
    ),
    ...parked.map(({ agent, reason }) => `${agent} is parked: ${reason}.`),
    ...(isUnknown
      ? ["Some costs are unknown: declare `prices` for the models of a provider to see them (docs/usage.md)."]
      : []),
  ];
}

/** Renders the report as JSON, as described in docs/schema/usage.schema.json. */
export function renderUsageJson(report: UsageReport): string {
  const codes = byPriority(codesOfUsage(report));
  const { from, to, hosts, rows, agents, tenants, accounts, budgets, parked } = report;
  return safeJson({
    ...{ version: 1, exit: codes[0], codes, from, to, usage: rows.map(withoutUnknown) },
    totals: {
      agents: agents.map(withoutUnknown),
      tenants: tenants.map(withoutUnknown),
      accounts: accounts.map(withoutUnknown),
    },
    budgets: budgets.map(({ cost, ...one }) => ({ ...one, cost: cost.usd, isCostComplete: cost.isComplete })),
    ...{ parked, hosts },
  });
}

/** Returns a row with its cost under the name `cost`. The cost is absent if nothing is known about it. */
function withoutUnknown<Row extends Cost>({ usd, isComplete, ...row }: Row): object {
  return { ...row, ...((isComplete || usd > 0) && { cost: usd }), isCostComplete: isComplete };
}
