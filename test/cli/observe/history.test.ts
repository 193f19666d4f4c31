import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import { codesOfAgents } from "../../../src/cli/observe/agents.ts";
import { observeHistory } from "../../../src/cli/observe/history.ts";
import { renderHistory, renderHistoryJson } from "../../../src/cli/render/history.ts";
import type { HistoryEvent } from "../../../src/model/deadman.ts";
import type { HistoryRequest } from "../../../src/model/protocol.ts";
import { HostError } from "../../../src/transport/host-error.ts";
import { agent, fleetOf } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

const fleet = fleetOf(agent(), agent({ name: "loom", host: "east" }), agent({ name: "forge", host: "west" }));
const EVENTS: Record<string, HistoryEvent[]> = {
  hub: [
    { time: "2026-01-02T03:00:00.000Z", event: "hostd-started" },
    { time: "2026-01-02T03:04:05.678Z", event: "died", agent: "iris", detail: "exit-code" },
  ],
  east: [{ time: "2026-01-02T03:02:00.000Z", event: "hung", agent: "loom", detail: "\u001b[2Jno" }],
};

async function observe(selection: { name?: string; host?: string } = {}) {
  const requests: [string, HistoryRequest][] = [];
  const report = await observeHistory(fleet, { ...selection, last: 10 }, async (host) => {
    if (host === "west") {
      throw new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "no answer." });
    }
    const history = async (request: HistoryRequest) => {
      requests.push([host, request]);
      return { events: EVENTS[host] ?? [] };
    };
    return { ...readerOf(host).reader, history };
  });
  return { report, requests };
}

test("the events of all hosts are listed together, oldest first, and without terminal escape sequences", async () => {
  const { report } = await observe();
  expect(renderHistory(report)).toBe(
    [
      "2026-01-02T03:00:00Z  hub   (host)  hostd-started",
      "2026-01-02T03:02:00Z  east  loom    hung           \\u001b[2Jno",
      "2026-01-02T03:04:05Z  hub   iris    died           exit-code",
      "west is unreachable, never reached from here: it cannot be reached: no answer.",
      "",
    ].join("\n"),
  );
  expect(codesOfAgents(report)).toEqual([4]);
});

test("an event is shown only once if both hosts of a moved agent have recorded it", async () => {
  const died = EVENTS["hub"]?.[1] as HistoryEvent;
  EVENTS["east"]?.push(died);
  const { report } = await observe();
  EVENTS["east"]?.pop();
  expect(report.events.filter(({ event }) => event === "died")).toHaveLength(1);
});

test("one agent's history is queried only from that agent's host, and contains no events of other agents", async () => {
  const { requests } = await observe({ name: "iris" });
  expect(requests).toEqual([["hub", { op: "history", agent: "iris", last: 10 }]]);
});

test("the JSON output of the history is valid against its schema", async () => {
  const json = JSON.parse(renderHistoryJson((await observe()).report));
  const read = (file: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", file), "utf8"));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  const validate = ajv.compile(read("history.schema.json"));
  validate(json);
  expect(validate.errors).toBeNull();
  expect(json.events).toHaveLength(3);
});
