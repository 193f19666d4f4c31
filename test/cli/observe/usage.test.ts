import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import { codesOfUsage, observeUsage } from "../../../src/cli/observe/usage.ts";
import { renderUsage, renderUsageJson } from "../../../src/cli/render/usage.ts";
import type { Fleet } from "../../../src/config/fleet.ts";
import type { UsageAnswer } from "../../../src/model/protocol.ts";
import { costOf, type Usage } from "../../../src/model/usage.ts";
import { agent, fleetOf } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

const NOW = new Date("2026-12-01T12:00:00Z");

const usage = (name: string, date: string, parts: Partial<Usage> = {}): Usage => ({
  ...{ agent: name, date, model: "sonnet-4-5", requests: 2, input: 1000, output: 500, cacheRead: 2_000_000 },
  ...{ cacheWrite: 0, cost: 0, uncosted: 2, ...parts },
});

const base = fleetOf(agent(), agent({ name: "loom", tenant: "lab", formerly: ["weaver"] }));
const fleet: Fleet = {
  ...base,
  providers: { anthropic: { name: "anthropic", vendor: "anthropic", account: "research", prices: {} } },
  credentials: {
    key: { name: "key", from: "env:KEY", type: "api-key", provider: "anthropic", env: "ANTHROPIC_API_KEY" },
  },
  agents: Object.fromEntries(
    Object.values(base.agents).map((one) => [one.name, { ...one, credentials: ["key"] }]),
  ),
};

const withPrices: Fleet = {
  ...fleet,
  providers: {
    anthropic: {
      ...{ name: "anthropic", vendor: "anthropic", account: "research" },
      prices: { "sonnet-*": { input: 3, output: 15, cacheRead: 0.3 } },
    },
  },
};

const observe = (of: Fleet, all: readonly Usage[], parked: UsageAnswer["parked"] = [], days = 7) =>
  observeUsage(
    of,
    {},
    async (host) => ({ ...readerOf(host).reader, usage: async () => ({ usage: all, parked }) }),
    days,
    NOW,
  );

const ALL = [
  usage("iris", "2026-11-20"),
  usage("iris", "2026-11-30", { cost: 1.5, uncosted: 0 }),
  usage("iris", "2026-12-01"),
  usage("weaver", "2026-12-01"),
  usage("removed", "2026-12-01"),
];

test("the tables show each agent and day, the totals and unknown costs", async () => {
  expect(renderUsage(await observe(fleet, ALL))).toBe(
    [
      "DATE        AGENT  MODEL       REQUESTS  INPUT  OUTPUT  CACHED  COST",
      "2026-11-30  iris   sonnet-4-5  2         1000   500     2.0M    $1.50",
      "2026-12-01  iris   sonnet-4-5  2         1000   500     2.0M    unknown",
      "2026-12-01  loom   sonnet-4-5  2         1000   500     2.0M    unknown",
      "",
      "AGENT  REQUESTS  INPUT  OUTPUT  CACHED  COST",
      "iris   4         2000   1000    4.0M    $1.50 + unknown",
      "loom   2         1000   500     2.0M    unknown",
      "",
      "TENANT  REQUESTS  INPUT  OUTPUT  CACHED  COST",
      "arc     4         2000   1000    4.0M    $1.50 + unknown",
      "lab     2         1000   500     2.0M    unknown",
      "",
      "ACCOUNT             REQUESTS  INPUT  OUTPUT  CACHED  COST",
      "anthropic research  6         3000   1500    6.0M    $1.50 + unknown",
      "",
      "Some costs are unknown: declare `prices` for the models of a provider to see them (docs/usage.md).",
      "",
    ].join("\n"),
  );
});

test("declared prices replace recorded costs", async () => {
  const { agents } = await observe(withPrices, ALL);
  expect(agents.map(({ name, usd, isComplete }) => [name, usd.toFixed(4), isComplete])).toEqual([
    ["iris", "1.2210", true],
    ["loom", "0.6105", true],
  ]);
});

test("the longest name of a price counts, and the price of the input replaces a missing price of the cache", () => {
  const prices = { "*": { input: 9, output: 9 }, "sonnet-*": { input: 1, output: 2 } };
  expect(costOf(usage("iris", "2026-12-01"), prices).usd).toBeCloseTo(2.002);
  expect(costOf(usage("iris", "2026-12-01", { model: "haiku" }), prices).usd).toBeCloseTo(18.0135);
});

test("a budget that is used up gives exit code 5, and a parked agent is named", async () => {
  const budgets: Fleet["budgets"] = {
    all: { name: "all", per: "month", tokens: 4_000_000, warn: 80, onUsedUp: "report" },
    lab: { name: "lab", tenant: "lab", per: "day", cost: 10, warn: 80, onUsedUp: "park" },
  };
  const park = { account: "anthropic research", kind: "credit", since: "2026-12-01T11:00:00Z" } as const;
  const report = await observe({ ...withPrices, budgets }, ALL, [
    { agent: "iris", reason: "no credit", ...park },
  ]);
  expect(codesOfUsage(report)).toEqual([5]);
  const text = renderUsage(report);
  expect(text).toContain("all     month  100 %  4.0M of 4.0M  $1.22\n");
  expect(text).toContain("lab     day    6 %    2.0M          $0.61 of $10.00\n");
  expect(text).toContain("The budget all of this month is used up.");
  expect(text).toContain("iris is parked: no credit.");
});

test("the JSON output is valid against its schema, and has no invented cost", async () => {
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(packageRoot(), `docs/schema/${name}.schema.json`), "utf8")) as object;
  const ajv = new Ajv({ strict: false }).addSchema(schema("drift"), "drift.schema.json");
  const validate = ajv.compile(schema("usage"));
  const json: unknown = JSON.parse(renderUsageJson(await observe(fleet, ALL)));
  expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
  expect(json).toMatchObject({ usage: [{ cost: 1.5, isCostComplete: true }, { isCostComplete: false }, {}] });
  expect(JSON.stringify(json)).not.toContain('"cost":0');
});

test("without usage, the command says so", async () => {
  expect(renderUsage(await observe(fleet, []))).toBe("No usage is recorded from 2026-11-25 to 2026-12-01.\n");
});
