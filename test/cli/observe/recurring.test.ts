import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import { observeFleet } from "../../../src/cli/observe/fleet.ts";
import { codesOf } from "../../../src/cli/observe/fleet-report.ts";
import { observeLedgers } from "../../../src/cli/observe/ledgers.ts";
import type { OpenHost } from "../../../src/cli/query-host.ts";
import { renderDrift } from "../../../src/cli/render/drift.ts";
import { renderDriftJson } from "../../../src/cli/render/drift-json.ts";
import { renderHistory, renderHistoryJson } from "../../../src/cli/render/history.ts";
import { renderMarkdown } from "../../../src/cli/render/markdown.ts";
import type { Ledger, RepeatedRepair } from "../../../src/model/ledger.ts";
import { compilePlan } from "../../../src/resources/index.ts";
import { agent, fleetOf } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

const fleet = fleetOf(agent(), agent({ name: "loom", user: "loom", host: "east" }));
const plan = compilePlan(fleet, { bundle: "b", node: "n" });
const day = (number: number) => `2026-11-0${number}T02:14:00.000Z`;
const writer = { time: day(3), owner: "iris", ran: ["cron of iris: sh"] };
const REPAIR: RepeatedRepair = {
  ...{ id: "3f2a91bc", resource: "hub/iris/agent", item: "identity:SOUL.md", property: "content" },
  ...{ repairs: [day(1), day(2), day(3)], declared: "Iris", observed: "Arc", by: "lead@ops", writer },
};
const LEDGER: Ledger = {
  corrective: [
    {
      ...{ item: "identity:SOUL.md", property: "content", declared: "Iris", observed: "\u001b[2JArc" },
      ...{ cause: "drift", seen: day(1), repaired: day(2), by: "lead@ops", run: "r1", writer },
    },
  ],
  intended: [],
  closings: [
    { item: "identity:SOUL.md", property: "content", closed: day(4), by: "lead@ops", why: "reads first" },
  ],
};

/** Opens hosts. The host `hub` reports repeated repairs. */
const open: OpenHost = async (name) => {
  const { reader } = readerOf(name);
  if (name !== "hub") return reader;
  return {
    ...reader,
    observe: async (request) => ({ ...(await reader.observe(request)), repeated: [REPAIR] }),
    ledgers: async () => ({ ledgers: { "hub/iris/agent": LEDGER } }),
  };
};

function schemaErrors(name: string, json: string) {
  const read = (file: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", file), "utf8"));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  const validate = ajv.getSchema(`${name}.schema.json`) ?? ajv.compile(read(`${name}.schema.json`));
  validate(JSON.parse(json));
  return validate.errors;
}

describe("a recurring finding", () => {
  test("causes exit code 5 even if nothing differs now", async () => {
    const report = await observeFleet(fleet, plan, {}, open);
    expect(report.findings).toEqual([]);
    expect(codesOf(report)).toEqual([5]);
    expect(renderDrift(report)).toContain(
      "hub: iris: SOUL.md: content has been repaired 3 times since 2026-11-01T02:14:00Z",
    );
    expect(renderDrift(report)).toContain("probable writer, because it ran at that time: cron of iris: sh");
    expect(renderMarkdown(report)).toContain("fleet resolve 3f2a91bc");
    expect(schemaErrors("drift", renderDriftJson(report))).toBeNull();
    expect(JSON.parse(renderDriftJson(report))).toMatchObject({
      exit: 5,
      recurring: [{ agent: "iris", ...REPAIR }],
    });
  });

  test("requires three repairs within the declared time", async () => {
    const short = { ...fleet, recurrence: { ...fleet.recurrence, within: 86_400 } };
    expect((await observeFleet(short, plan, {}, open)).recurring).toEqual([]);
  });
});

describe("`fleet history --drift`", () => {
  test("shows the drift, the person who repaired the drift and the person who closed the finding, without escape sequences", async () => {
    const report = await observeLedgers(fleet, { last: 10 }, open);
    const text = renderHistory(report);
    expect(text).toContain("repaired by lead@ops: it was \\u001b[2JArc instead of Iris");
    expect(text).toContain("closed by lead@ops: reads first");
    expect(schemaErrors("history", renderHistoryJson(report))).toBeNull();
    expect((await observeLedgers(fleet, { last: 10, name: "loom" }, open)).drift).toEqual([]);
    expect((await observeLedgers(fleet, { last: 1 }, open)).drift).toMatchObject([{ kind: "closed" }]);
  });
});
