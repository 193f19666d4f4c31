import { describe, expect, test } from "vitest";
import type { BudgetSpec, Fleet, ProviderSpec } from "../../src/config/fleet.ts";
import { accountLimits, agentsOfBudget, pricesOf } from "../../src/resources/account-limits.ts";
import { jobServiceText } from "../../src/resources/job-unit-text.ts";
import { agent, fleetOf, job } from "../fixtures/fleet.ts";

const provider = (name: string, parts: Partial<ProviderSpec> = {}): ProviderSpec => ({
  name,
  vendor: name,
  ...parts,
});

/** Returns a fleet with the agents arc and iris on hub and loom on east, each with one credential. */
function fleetWith(parts: Partial<Fleet>, credentials = ["one", "two", "three"]): Fleet {
  const [first = "", second = "", third = ""] = credentials;
  return {
    ...fleetOf(
      agent({ name: "arc", credentials: [first] }),
      agent({ name: "iris", credentials: [second] }),
      agent({ name: "loom", host: "east", credentials: [third] }),
    ),
    ...parts,
  };
}

const key = (name: string, parts: object = {}) => ({
  [name]: { name, from: `env:${name}`, type: "api-key", env: "ANTHROPIC_API_KEY", ...parts } as const,
});

describe("agents share an account", () => {
  test("if they have the same credential, or credentials with the same source", () => {
    const credentials = { ...key("one"), ...key("two", { from: "env:one" }), ...key("three") };
    expect(accountLimits(fleetWith({ credentials }), "hub").accounts).toEqual({
      arc: { "": "of one" },
      iris: { "": "of one" },
    });
  });

  test("if their providers have the same vendor and account", () => {
    const providers = {
      a: provider("a", { vendor: "anthropic", account: "research" }),
      b: provider("b", { vendor: "anthropic", account: "research" }),
    };
    const credentials = {
      ...key("one", { provider: "a" }),
      ...key("two", { provider: "b" }),
      ...key("three"),
    };
    expect(accountLimits(fleetWith({ providers, credentials }), "hub").accounts).toEqual({
      arc: { "": "anthropic research" },
      iris: { "": "anthropic research" },
    });
  });

  test("for one of several providers only", () => {
    const choice = (name: string, credential: string) => ({
      ...{ provider: name, model: {}, command: [], env: {}, credentials: [credential] },
    });
    const rules = { restart: "when-idle", deadline: 300, returnAfter: 600 } as const;
    const iris = agent({ failover: { ...rules, choices: [choice("a", "one"), choice("b", "two")] } });
    const arc = agent({
      name: "arc",
      failover: { ...rules, choices: [choice("a", "three"), choice("b", "two")] },
    });
    const fleet: Fleet = {
      ...fleetOf(iris, arc),
      providers: { a: provider("a"), b: provider("b") },
      credentials: {
        ...key("one", { provider: "a" }),
        ...key("three", { provider: "a" }),
        ...key("two", { provider: "b" }),
      },
    };
    expect(accountLimits(fleet, "hub").accounts).toEqual({ iris: { b: "of two" }, arc: { b: "of two" } });
  });

  test("but not because of a secret that is no model key, and not on different hosts", () => {
    const shared = { ...key("one", { env: "GITHUB_TOKEN", type: "other" }), ...key("three") };
    expect(
      accountLimits(fleetWith({ credentials: shared }, ["one", "one", "three"]), "hub").accounts,
    ).toEqual({});
    expect(accountLimits(fleetWith({ credentials: key("one") }, ["one", "", "one"]), "hub").accounts).toEqual(
      {},
    );
  });
});

describe("a budget", () => {
  const budget = (parts: Partial<BudgetSpec>): BudgetSpec => ({
    ...{ name: "b", per: "day", warn: 80, onUsedUp: "report", ...parts },
  });

  test("is shared by the hosts in proportion to their agents", () => {
    const fleet = fleetWith({ budgets: { b: budget({ tenant: "arc", tokens: 300, cost: 30 }) } });
    const shares = ["hub", "east"].map((host) => accountLimits(fleet, host).budgets[0]);
    expect(shares).toMatchObject([
      { agents: ["arc", "iris"], tokens: 200, cost: 20 },
      { agents: ["loom"], tokens: 100, cost: 10 },
    ]);
  });

  test("covers the agents of its agent, tenant or account", () => {
    const providers = { a: provider("a", { account: "research" }) };
    const fleet = fleetWith({ providers, credentials: { ...key("one", { provider: "a" }), ...key("two") } });
    const names = (parts: Partial<BudgetSpec>) =>
      agentsOfBudget(fleet, budget(parts)).map(({ name }) => name);
    expect(names({ agent: "iris" })).toEqual(["iris"]);
    expect(names({ tenant: "arc" })).toEqual(["arc", "iris", "loom"]);
    expect(names({ account: "research" })).toEqual(["arc"]);
    expect(names({})).toEqual(["arc", "iris", "loom"]);
  });

  test("for a cost has the declared prices of each agent", () => {
    const prices = { tiny: { input: 1, output: 2 } };
    const fleet = fleetWith({
      providers: { a: provider("a", { prices }) },
      credentials: key("one", { provider: "a" }),
      budgets: { b: budget({ agent: "arc", cost: 1 }) },
    });
    expect(accountLimits(fleet, "hub").budgets[0]?.prices).toEqual({ arc: prices });
    const iris = fleet.agents["iris"];
    expect(iris && pricesOf(fleet, iris)).toEqual({});
  });

  test("adds a condition to the jobs of its agents only with `pause-jobs`", () => {
    const condition = "ConditionPathExists=!/var/lib/muster/hostd/jobs-off/iris";
    const textWith = (onUsedUp: BudgetSpec["onUsedUp"]) =>
      jobServiceText({ ...fleetOf(), budgets: { b: budget({ onUsedUp }) } }, job());
    expect(textWith("pause-jobs")).toContain(condition);
    expect(textWith("park")).not.toContain("jobs-off");
    expect(jobServiceText(fleetOf(), job())).not.toContain("jobs-off");
  });
});
