import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PREFLIGHT_TOKEN } from "../../src/model/preflight.ts";
import { HostError } from "../../src/transport/host-error.ts";
import type { Json } from "../doubles/engine.ts";
import { AGENT, failureOf, HOME, ID, inputsOf, iris, makeRig, type Rig, SOUL, urnOf } from "./rig.ts";

const OWNER = "fleet/dev";
const TO = "edge/iris/agent";
const THERE = urnOf("Agent", TO);
const there = { ...inputsOf(TO, { "SOUL.md": SOUL, home: HOME }, "edge"), movesFrom: ID };

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
  rig.hosts.hub.homes.set("iris", "all of it");
  await rig.engine.create(AGENT, iris);
});
afterEach(() => rig.stop());

const seen = (inputs: Json = iris) => rig.engine.read(AGENT, ID, { inputs, state: iris });
const declare = () =>
  rig.engine.invoke(PREFLIGHT_TOKEN, {
    owner: OWNER,
    declared: [
      { name: "hub/host", host: "hub", formerly: [] },
      { name: TO, host: "edge", formerly: [] },
    ],
  });
const told = () => rig.engine.told.map(({ message }) => message);
const steps = () => [
  ...rig.hosts.hub.requests.map(({ op }) => `hub ${op}`),
  ...rig.hosts.edge.requests.map(({ op }) => `edge ${op}`),
];

/** What a call failed with, where nothing or a part of it was done. */
async function sentenceOf(call: Promise<unknown>): Promise<string> {
  return JSON.stringify(await failureOf(call));
}

function away(host: string): HostError {
  return new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "it is silent." });
}

describe("an agent that is declared on another host", () => {
  it("is reported to move in one sentence, and its new home as coming from the old one", async () => {
    await seen();
    expect(await declare()).toMatchObject({ moves: { [TO]: ID }, unclaimed: [], newcomers: [] });
    expect(told()).toEqual([
      "iris moves from hub to edge: `up` stops it on hub, carries its home /home/iris to edge with all that it holds " +
        "and the contacts that it learned, starts it there, and then removes it from hub, home and all.",
    ]);
    expect(await rig.engine.diff(THERE, there, there)).toEqual({ movesFrom: "add" });
  });

  it("is stopped only when the other host has room, and let go only when everything is there", async () => {
    await seen();
    await declare();
    rig.hosts.hub.requests.length = 0;
    const { state } = await rig.engine.create(THERE, there);
    expect(state["movesFrom"]).toBeUndefined();
    expect(rig.hosts.edge.homes.get("iris")).toBe("all of it");
    expect([rig.hosts.hub.moves.get("iris")?.state, rig.hosts.edge.moves.size]).toEqual(["gone", 0]);
    expect(steps().filter((step) => /leave|arrive|pack|settle/.test(step))).toEqual([
      "hub leave",
      "hub pack",
      "hub settle",
      "edge arrive",
      "edge arrive",
      "edge unpack",
      "edge settle",
    ]);
    await rig.engine.delete(AGENT, ID, iris);
    expect(await declare()).toMatchObject({ moves: {} });
  });

  it("is found by its records where the state was lost", async () => {
    expect(await declare()).toMatchObject({ moves: { [TO]: ID } });
  });

  it("does not move twice: files that it left behind are reported as such", async () => {
    await seen();
    await declare();
    await rig.engine.create(THERE, there);
    rig.engine.told.length = 0;
    expect(await declare()).toMatchObject({ moves: {} });
    expect(told()).toEqual([
      "hub: iris has moved to edge: `up` deletes its home /home/iris with all that it holds.",
    ]);
  });
});

describe("an agent that cannot move", () => {
  it("keeps what it has, though the engine goes on and removes what is not declared", async () => {
    await seen();
    await declare();
    rig.hosts.edge.away = away("edge");
    await failureOf(rig.engine.create(THERE, there));
    const message = await sentenceOf(rig.engine.delete(AGENT, ID, iris));
    expect(message).toContain("hub/iris/agent was not removed: iris has not moved from hub to edge yet.");
    const host = await sentenceOf(rig.engine.delete(urnOf("Host", "hub/host"), "hub/host", iris));
    expect(host).toContain("hub/host was not removed");
    expect(steps().filter((step) => /leave|remove/.test(step))).toEqual([]);
  });

  it("keeps running on the old host when the new one fails during the move", async () => {
    await seen();
    await declare();
    rig.hosts.edge.failAfter = 0;
    const message = await sentenceOf(rig.engine.create(THERE, there));
    expect(message).toContain("the disk is full");
    expect(rig.hosts.hub.moves.size).toBe(0);
    expect(rig.hosts.hub.requests.at(-1)).toMatchObject({ op: "settle", outcome: "failed" });
  });

  it("is reported with what to do where its host is unreachable, and is not created elsewhere", async () => {
    rig.hosts.hub.away = away("hub");
    await failureOf(seen());
    await declare();
    expect(told()).toContain(
      "iris cannot move from hub to edge while hub is unreachable, because its home is there. To give up what is there: " +
        "`npx fleet forget hub --agent iris`.",
    );
    const message = await sentenceOf(rig.engine.create(THERE, there));
    expect(message).toContain(
      "its home is on hub, which is unreachable. When hub is back, run `npx pulumi up`.",
    );
    expect(rig.hosts.edge.requests.map(({ op }) => op)).not.toContain("converge");
  });

  it("is reported where it is protected", async () => {
    await seen({ ...iris, protect: true });
    await declare();
    const message = await sentenceOf(rig.engine.create(THERE, there));
    expect(message).toContain("it is protected on hub");
    expect(rig.hosts.hub.moves.size).toBe(0);
  });

  it("is refused in a run that does not cover its host", async () => {
    const message = await sentenceOf(rig.engine.create(THERE, there));
    expect(message).toContain("this run covers only a part of the fleet, without hub, which has its home.");
    expect(rig.hosts.edge.records.size).toBe(0);
  });
});
