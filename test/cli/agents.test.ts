import { expect, test } from "vitest";
import { codesOfAgents, observeAgents } from "../../src/cli/agents.ts";
import { renderAgents } from "../../src/cli/render/agents.ts";
import type { UnitStatus } from "../../src/model/protocol.ts";
import { HostError, RuntimeError } from "../../src/transport/host-error.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";
import { readerOf } from "./support/answers.ts";

const fleet = fleetOf(agent(), agent({ name: "loom", host: "east", tenant: "lab" }));
const parts = { host: "east", what: "it cannot be asked", why: "of a reason." };
const away = new HostError({ ...parts, reason: "timeout" });
const empty = new RuntimeError({ ...parts, reason: "nothing-installed" });

function statusOf(state: string): UnitStatus {
  return {
    unit: "muster-agent-iris.service",
    state,
    sub: "",
    enabled: "",
    pid: 0,
    restarts: 0,
    since: 0,
    status: "",
  };
}

async function look(state: string, east: Error) {
  return observeAgents(fleet, {}, async (name) => {
    if (name === "east") throw east;
    return { ...readerOf(name).reader, ps: async () => ({ units: [statusOf(state)] }) };
  });
}

test.each([
  ["active", "running"],
  ["reloading", "running"],
  ["activating", "starting"],
  ["inactive", "stopped"],
  ["deactivating", "stopped"],
  ["failed", "failed"],
  ["absent", "not there"],
])("a unit that systemd calls %s is %s", async (state, word) => {
  expect((await look(state, away)).agents[0]?.state).toBe(word);
});

test("of an agent that has no process nothing is made up", async () => {
  const text = renderAgents(await look("inactive", away));
  expect(text).toContain("iris   arc     hub   stopped  -        -    0         -\n");
  expect(text).toContain("east is away, not reached from here before: it cannot be asked: of a reason.\n");
});

test("an agent on a host that was never brought up is not there, which is no failure", async () => {
  const report = await look("active", empty);
  expect(report.agents[1]).toEqual({ agent: "loom", tenant: "lab", host: "east", state: "not there" });
  expect(codesOfAgents(report)).toEqual([]);
  expect(codesOfAgents(await look("active", away))).toEqual([4]);
});
