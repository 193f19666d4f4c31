import { expect, test } from "vitest";
import { codesOfPs, observeAgents } from "../../../src/cli/observe/agents.ts";
import { renderAgents } from "../../../src/cli/render/agents.ts";
import type { WatchedAgent } from "../../../src/model/deadman.ts";
import type { PsAnswer, UnitStatus } from "../../../src/model/protocol.ts";
import { HostError, RuntimeError } from "../../../src/transport/host-error.ts";
import { agent, fleetOf } from "../../fixtures/fleet.ts";
import { readerOf } from "../support/answers.ts";

const fleet = fleetOf(agent(), agent({ name: "loom", host: "east", tenant: "lab" }));
const parts = { host: "east", what: "it cannot be queried", why: "no reason." };
const unreachable = new HostError({ ...parts, reason: "timeout" });
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

async function observe(
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

/** A unit that runs as declared. */
const up = { enabled: "enabled", names: ["agent.sh"], pid: 7, since: 75 };

const well: WatchedAgent = {
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
])("an agent whose unit has the systemd state %s is shown as %s", async (state, word) => {
  expect((await observe(state, unreachable)).agents[0]?.state).toBe(word);
});

test("an agent that does not run has no uptime, and an agent of an unreachable host has a row of its own", async () => {
  const text = renderAgents(await observe("inactive", unreachable));
  expect(text).toMatch(/^iris +arc +hub +stopped +- +- +command +- +- +DEAD$/m);
  expect(text).toMatch(/^loom +lab +east +unreachable +- +- +command +- +- +UNREACHABLE$/m);
  expect(text).toContain("east is unreachable, never reached from here: it cannot be queried: no reason.\n");
});

test("an agent on a host without the host runtime is shown as absent, which is not a failure", async () => {
  const report = await observe("active", empty);
  expect(report.agents[1]).toMatchObject({ agent: "loom", tenant: "lab", host: "east", state: "not there" });
  expect(codesOfPs(report)).toEqual([]);
  expect(codesOfPs(await observe("active", unreachable))).toEqual([4]);
});

test.each<[Partial<WatchedAgent>, string, string]>([
  [{ state: "busy", task: "a review" }, "running", "a review"],
  [{ state: "busy" }, "running", "busy"],
  [{ state: "stuck", task: "a review" }, "stuck", "a review +STUCK"],
  [{ health: "stale", state: "idle", age: 50 }, "stale", "idle +STALE"],
  [{ by: "notify" }, "running", "-"],
])("an agent with the heartbeat %j is %s, and its task is shown as %s", async (parts, state, task) => {
  const report = await observe("active", unreachable, { ...up, watched: { ...well, ...parts } });
  expect(report.agents[0]?.state).toBe(state);
  expect(renderAgents(report)).toMatch(new RegExp(`^iris .* ${task}$`, "m"));
});

test("each problem is listed below the table, with a command that helps to solve the problem", async () => {
  const quarantine = { since: "2026-01-02T03:04:05Z", reason: "5 restarts within 60 min" };
  const held = await observe("inactive", unreachable, { quarantine });
  expect(held.agents[0]?.state).toBe("quarantined");
  expect(renderAgents(held)).toContain(
    "iris is in quarantine: 5 restarts within 60 min. `npx fleet release iris` releases it.\n",
  );
  const watched = { ...well, problem: "it is a fifo", held: "in its maintenance window" };
  const text = renderAgents(await observe("active", unreachable, { watched }, { deadman: "silent" }));
  expect(text).toContain("iris: its heartbeat is invalid: it is a fifo.\n");
  expect(text).toContain("iris: the deadman does not act on it: in its maintenance window.\n");
  expect(text).toContain("hub: its deadman is silent");
});

test("an agent's process is shown, and is reported if it does not belong to the agent's runtime", async () => {
  const pi = fleetOf(agent({ runtime: "pi" }));
  const seen = async (...names: string[]) => {
    const units = [{ ...statusOf("active"), names }];
    const open = async (name: string) => ({ ...readerOf(name).reader, ps: async () => ({ units }) });
    return observeAgents(pi, {}, open);
  };
  expect((await seen("MainThread", "node")).agents[0]).toMatchObject({ runtime: "pi", process: "node" });
  const other = await seen("python3", "python");
  expect(other.agents[0]).toMatchObject({ process: "python3", otherProcess: true });
  expect(renderAgents(other)).toContain("iris: its pane runs python3, which is not a process of pi.\n");
});

test.each([
  ["Do you want to proceed?", "BLOCKED"],
  ["Select login method:", "LOGIN"],
])("an agent that waits at the dialog %j gets the flag %s", async (blocked, flag) => {
  const claude = fleetOf(agent({ runtime: "claude" }));
  const units = [{ ...statusOf("active"), ...up, watched: { ...well, blocked } }];
  const open = async (name: string) => ({ ...readerOf(name).reader, ps: async () => ({ units }) });
  const report = await observeAgents(claude, {}, open);
  expect(renderAgents(report)).toMatch(new RegExp(`^iris .* ${flag}$`, "m"));
  expect(codesOfPs(report)).toContain(5);
});

test("an ephemeral agent is shown as `on demand`, and a sentence describes the deferred restart", async () => {
  const guest = fleetOf(agent({ lifecycle: { kind: "ephemeral", ttl: 60 } }));
  const owed = { restart: "when-idle", within: 900, run: "1", since: "2026-01-02T03:04:05Z" } as const;
  const units = [{ ...statusOf("inactive"), enabled: "disabled", owed }];
  const open = async (name: string) => ({ ...readerOf(name).reader, ps: async () => ({ units }) });
  const text = renderAgents(await observeAgents(guest, {}, open));
  expect(text).toMatch(/^iris .* stopped .*on demand.* WAITING$/m);
  expect(text).toContain(
    "iris still runs as it was declared before 2026-01-02T03:04:05Z: it restarts when it is idle, at the latest 15m",
  );
});

test("flags with sentences show that a person has the keyboard, and that repairs recur", async () => {
  const day = (number: number) => `2026-11-0${number}T02:14:00.000Z`;
  const repair = {
    id: "3f2a91bc",
    resource: "hub/iris/agent",
    item: "identity:SOUL.md",
    property: "content",
  };
  const repeated = [{ ...repair, repairs: [day(1), day(2), day(3)], declared: "Iris", observed: "Arc" }];
  const keyboard = { by: "al@x", since: day(3) };
  const report = await observe("active", unreachable, { ...up, keyboard, repeated });
  expect(report.agents[0]).toMatchObject({
    flags: ["RECURRING", "KEYBOARD"],
    keyboard,
    recurring: [{ id: "3f2a91bc", item: "identity:SOUL.md", property: "content", repairs: 3 }],
  });
  expect(codesOfPs(report)).toEqual([5, 4]);
  expect(renderAgents(report)).toContain(`iris: al@x has controlled its terminal since ${day(3)}.\n`);
  const apart = [
    { ...repair, repairs: [day(1), day(2), "2026-12-01T02:14:00.000Z"], declared: "", observed: "" },
  ];
  expect((await observe("active", unreachable, { ...up, repeated: apart })).agents[0]?.flags).toEqual([]);
});
