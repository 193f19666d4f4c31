import { expect, test } from "vitest";
import { codesOfAgents, observeAgents } from "../../../src/cli/observe/agents.ts";
import { renderAgents } from "../../../src/cli/render/agents.ts";
import type { Watched } from "../../../src/model/deadman.ts";
import type { PsAnswer, UnitStatus } from "../../../src/model/protocol.ts";
import { HostError, RuntimeError } from "../../../src/transport/host-error.ts";
import { agent, fleetOf } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

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

async function look(
  state: string,
  east: Error,
  more: Partial<UnitStatus> = {},
  answer: Partial<PsAnswer> = {},
) {
  return observeAgents(fleet, {}, async (name) => {
    if (name === "east") throw east;
    const units = [{ ...statusOf(state), ...more }];
    return { ...readerOf(name).reader, ps: async () => ({ units, ...answer }) };
  });
}

const well: Watched = {
  unit: "muster-agent-iris.service",
  by: "file",
  health: "well",
  age: 2.2,
  restarts: 0,
};

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
  expect(text).toContain("iris   arc     hub   command  stopped  -        -    0         -      -\n");
  expect(text).toContain("east is away, not reached from here before: it cannot be asked: of a reason.\n");
});

test("an agent on a host that was never brought up is not there, which is no failure", async () => {
  const report = await look("active", empty);
  expect(report.agents[1]).toMatchObject({ agent: "loom", tenant: "lab", host: "east", state: "not there" });
  expect(codesOfAgents(report)).toEqual([]);
  expect(codesOfAgents(await look("active", away))).toEqual([4]);
});

test.each<[Partial<Watched>, string, string]>([
  [{ state: "busy", task: "a review" }, "running", "busy 2s"],
  [{ state: "stuck" }, "stuck", "stuck 2s"],
  [{ health: "stale", state: "idle", age: 50 }, "stale", "idle 50s"],
  [{ by: "notify" }, "running", "2s"],
  [{ by: "none" }, "running", "-"],
])("an agent of which the deadman sees %j is %s, and its last beat is %s", async (parts, state, beat) => {
  const report = await look("active", away, { watched: { ...well, ...parts } });
  expect(report.agents[0]?.state).toBe(state);
  expect(renderAgents(report)).toMatch(new RegExp(`^iris .* ${beat}$`, "m"));
});

test("what needs somebody is said below the table, with the command that helps", async () => {
  const quarantine = { since: "2026-01-02T03:04:05Z", reason: "5 restarts within 60 min" };
  const held = await look("inactive", away, { quarantine });
  expect(held.agents[0]?.state).toBe("quarantined");
  expect(renderAgents(held)).toContain(
    "iris is in quarantine: 5 restarts within 60 min: `npx fleet release iris` frees it.\n",
  );
  const odd = { ...well, problem: "it is a fifo", paused: "in its maintenance window" };
  const told = renderAgents(await look("active", away, { watched: odd }, { deadman: "silent" }));
  expect(told).toContain("iris: its heartbeat is wrong: it is a fifo.\n");
  expect(told).toContain("iris is left alone: in its maintenance window.\n");
  expect(told).toContain("hub: its deadman is silent");
});

test("an agent's process is shown by its runtime's name for it, and one that is none of these is told", async () => {
  const pi = fleetOf(agent({ runtime: "pi" }));
  const seen = async (...names: string[]) => {
    const units = [{ ...statusOf("active"), names }];
    const open = async (name: string) => ({ ...readerOf(name).reader, ps: async () => ({ units }) });
    return observeAgents(pi, {}, open);
  };
  expect((await seen("MainThread", "node")).agents[0]).toMatchObject({ runtime: "pi", process: "node" });
  const other = await seen("python3", "python");
  expect(other.agents[0]).toMatchObject({ process: "python3", otherProcess: true });
  expect(renderAgents(other)).toContain("iris: in its pane runs python3, which is none of pi's.\n");
});

test("an ephemeral agent is on demand, and one that a change waits for is told", async () => {
  const guest = fleetOf(agent({ lifecycle: { kind: "ephemeral", ttl: 60 } }));
  const owed = { restart: "when-idle", within: 900, run: "1", since: "2026-01-02T03:04:05Z" } as const;
  const units = [{ ...statusOf("inactive"), enabled: "disabled", owed }];
  const open = async (name: string) => ({ ...readerOf(name).reader, ps: async () => ({ units }) });
  const text = renderAgents(await observeAgents(guest, {}, open));
  expect(text).toMatch(/^iris .* stopped +on demand /m);
  expect(text).toContain(
    "iris runs as it was declared before 2026-01-02T03:04:05Z: it is started again when it is idle, 15m",
  );
});
