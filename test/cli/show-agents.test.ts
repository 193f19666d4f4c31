import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Io } from "../../src/cli/command.ts";
import { showAgents } from "../../src/cli/ps/show-agents.ts";
import { watchAgents } from "../../src/cli/ps/watch-agents.ts";
import { PLAIN } from "../../src/cli/render/agents.ts";
import { HostError } from "../../src/transport/host-error.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";
import { readerOf } from "./support/answers.ts";

const fleet = fleetOf(agent(), agent({ name: "loom", host: "east" }));

const UP = {
  state: "active",
  sub: "running",
  enabled: "enabled",
  pid: 7,
  restarts: 0,
  since: 75,
  status: "",
};

/** Opens a host whose agents run as declared. */
async function open(name: string) {
  const ps = async ({ units }: { units: readonly string[] }) => ({
    units: units.map((unit) => ({ unit, ...UP, names: ["agent.sh"] })),
  });
  return { ...readerOf(name).reader, ps };
}

function ioOf(terminal: boolean) {
  const written: string[] = [];
  let isClosed = false;
  const io: Io = {
    out: (text) => written.push(text),
    err: () => undefined,
    terminal,
    closed: () => isClosed,
  };
  return { io, written, close: () => (isClosed = true) };
}

test("the rows of hosts that have answered are printed while `ps` still waits for an unreachable host", async () => {
  const { io, written } = ioOf(false);
  let giveUp = () => undefined as unknown;
  const waiting = new Promise((resolve) => {
    giveUp = () => resolve(undefined);
  });
  const slow = async (name: string) => {
    if (name === "hub") return open(name);
    await waiting;
    throw new HostError({ host: name, reason: "timeout", what: "it cannot be reached", why: "no reason." });
  };
  const shown = showAgents({ fleet, selection: {}, open: slow, io, screen: PLAIN }, 1);
  while (!written.join("").includes("iris")) await sleep(1);
  expect(written.join("")).toMatch(/^AGENT +HOST +STATE .*\niris +hub +running /);
  expect(written.join("")).not.toContain("loom");
  giveUp();
  const report = await shown;
  const lines = written.join("").split("\n");
  expect(lines[2]).toMatch(/^loom +east +unreachable .* UNREACHABLE$/);
  expect(lines[2]?.indexOf("unreachable")).toBe(lines[0]?.indexOf("STATE"));
  expect(report.agents.map(({ state }) => state)).toEqual(["running", "away"]);
});

test("the rows of a host that answers late are printed at once, although another host does not answer", async () => {
  const { io, written } = ioOf(false);
  const three = fleetOf(
    agent(),
    agent({ name: "loom", host: "east" }),
    agent({ name: "spark", host: "north" }),
  );
  const answer = { hub: Promise.withResolvers<void>(), north: Promise.withResolvers<void>() };
  const slow = async (name: string) => {
    if (name !== "east") await answer[name as keyof typeof answer].promise;
    return open(name);
  };
  const shown = showAgents({ fleet: three, selection: {}, open: slow, io, screen: PLAIN }, 1);
  while (!written.join("").includes("loom")) await sleep(1);
  answer.north.resolve();
  await expect.poll(() => written.join("")).toContain("spark");
  expect(written.join("")).not.toContain("iris");
  answer.hub.resolve();
  await shown;
  expect(written.join("").match(/^(loom|spark|iris) /gm)).toEqual(["loom ", "spark ", "iris "]);
});

test("`--watch` overwrites the report on a terminal, and opens a new connection only to a host that failed", async () => {
  const { io, written, close } = ioOf(true);
  const opened: string[] = [];
  const reset: string[] = [];
  let asked = 0;
  const opening = async (name: string) => {
    opened.push(name);
    if (name === "east")
      throw new HostError({ host: name, reason: "cut", what: "it was lost", why: "no reason." });
    asked += 1;
    const one = await open(name);
    return {
      ...one,
      ps: async () => ({ units: [{ unit: "muster-agent-iris.service", ...UP, since: asked, names: ["a"] }] }),
    };
  };
  const run = {
    fleet,
    selection: {},
    open: opening,
    reset: (host: string) => reset.push(host),
    io,
    screen: PLAIN,
  };
  const watching = watchAgents({ ...run, seconds: 0.01 });
  while (written.length < 2) await sleep(5);
  close();
  await watching;
  const [first = "", second = ""] = written;
  expect(first.startsWith("\u001b[2J\u001b[HAGENT")).toBe(true);
  expect(second.startsWith("\u001b[HAGENT")).toBe(true);
  expect(second).toContain("\u001b[K\n");
  expect(second).not.toContain("\u001b[2J");
  expect(new Set(reset)).toEqual(new Set(["east"]));
});
