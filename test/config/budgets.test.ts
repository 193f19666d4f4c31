import { expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

/** Checks the small fleet with a provider and one budget, whose keys are in the syntax of a flow map. */
function withBudget(keys: string, provider = "account: research") {
  const sections = `providers: {anthropic: {${provider}}}\nbudgets: {daily: {${keys}}}\n`;
  return check(folder, broken("tenants:\n", `${sections}tenants:\n`));
}

const problemsOf = (keys: string, provider?: string) =>
  lines(withBudget(keys, provider).problems).map((line) => line.replace(/^\S+ /, ""));

test("a budget has its scope, its period, its limits and its defaults", () => {
  expect(withBudget("tenant: arc, per: day, tokens: 20M, cost: 2.5").fleet?.budgets).toEqual({
    daily: {
      ...{ name: "daily", tenant: "arc", per: "day", tokens: 20_000_000, cost: 2.5 },
      ...{ warn: 80, onUsedUp: "report" },
    },
  });
  expect(withBudget("account: research, per: month, tokens: 500k").fleet?.budgets["daily"]?.tokens).toBe(
    500_000,
  );
});

test("an unknown name, two scopes and a missing limit are errors", () => {
  expect(problemsOf("agent: irsi, per: day, tokens: 1")).toEqual([
    'budgets.daily.agent: no agent is named "irsi"; did you mean "iris"?',
  ]);
  expect(problemsOf("account: reserch, per: day, tokens: 1")).toEqual([
    'budgets.daily.account: no provider has the account "reserch"; did you mean "research"?',
  ]);
  expect(problemsOf("agent: iris, tenant: arc, per: day")).toEqual([
    "budgets.daily: must have only one of `agent`, `tenant` and `account`",
    "budgets.daily: must have `tokens` or `cost`",
  ]);
});

test("the prices of a provider keep their names, and wrong prices are errors", () => {
  const prices =
    "prices: {'claude-*': {input: 3, output: 15, cacheRead: 0.3}, x-note: {input: 1, output: 1}}";
  expect(
    withBudget("agent: iris, per: day, tokens: 1", prices).fleet?.providers["anthropic"]?.prices,
  ).toEqual({
    "claude-*": { input: 3, output: 15, cacheRead: 0.3 },
  });
  expect(problemsOf("agent: iris, per: day, tokens: 1", "prices: {tiny: {input: -1}}")).toEqual([
    "providers.anthropic.prices.tiny.output: is missing",
    "providers.anthropic.prices.tiny.input: must be an amount of US dollars, such as 3 or 0.25",
  ]);
});
