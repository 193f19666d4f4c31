import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PREFLIGHT_TOKEN } from "../../src/model/preflight.ts";
import { findMoves } from "../../src/provider/functions/find-moves.ts";
import { moveSentences } from "../../src/provider/notices/moves.ts";
import { HostError } from "../../src/transport/host-error.ts";
import type { Json } from "../doubles/engine.ts";
import {
  AGENT,
  failureOf,
  HOME,
  ID,
  inputsOf,
  iris,
  makeRig,
  RECURRENCE,
  type Rig,
  SOUL,
  urnOf,
} from "./rig.ts";

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
    recurrence: RECURRENCE,
    owner: OWNER,
    declared: [
      { name: "hub/host", host: "hub", formerly: [] },
      { name: TO, host: "edge", formerly: [] },
    ],
  });
const messages = () => rig.engine.messages.map(({ message }) => message);
const steps = () => [
  ...rig.hosts.hub.requests.map(({ op }) => `hub ${op}`),
  ...rig.hosts.edge.requests.map(({ op }) => `edge ${op}`),
];

/** Returns the error of a call that failed before or after its first change, as JSON. */
async function errorOf(call: Promise<unknown>): Promise<string> {
  return JSON.stringify(await failureOf(call));
}

function unreachable(host: string): HostError {
  return new HostError({ host, reason: "timeout", what: "it cannot be reached", why: "it is silent." });
}

describe("an agent with a new host", () => {
  it("is reported as moving in one message, and the preview shows the host from which the home is moved", async () => {
    await seen();
    expect(await declare()).toMatchObject({ moves: { [TO]: ID }, unclaimed: [], newcomers: [] });
    expect(messages()).toEqual([
      "iris moves from hub to edge: `up` stops the agent on hub, copies its home /home/iris with all its content " +
        "and the learned contacts to edge, starts the agent there, and then removes the agent and its home from hub.",
    ]);
    expect(await rig.engine.diff(THERE, there, there)).toEqual({ movesFrom: "add" });
  });

  it("is reported with the user's data outside the home, which remains on the old host", async () => {
    const want = { present: true, group: "arc", home: "/home/iris", shell: "/bin/bash" } as const;
    const rights = { sudo: "none", keys: "none", linger: false, files: "none" } as const;
    const items = {
      home: HOME,
      user: { kind: "user", name: "iris", want },
      other: { kind: "user", name: "loom", want },
      rights: { kind: "rights", user: "iris", home: "/home/iris", want: rights },
    } as const;
    const observed = {
      user: { props: { ...want, outside: "its crontab, linger" } },
      other: { props: { ...want, outside: "its jobs of at(1)" } },
      rights: { props: { ...rights, sudo: "iris ALL=(ALL) ALL" } },
    };
    const answers = new Map([
      ["hub", { resources: { [ID]: { items, observed } }, recorded: [{ id: ID, owner: OWNER }] }],
      ["edge", { resources: {}, recorded: [] }],
    ]);
    const declared = [{ name: TO, host: "edge", formerly: [] }];
    const { moves } = await findMoves(OWNER, [], declared, answers, async (host) => answers.get(host));
    expect(moveSentences(moves)).toEqual([
      expect.stringMatching(
        /It does not copy to edge what hub keeps outside this home: its crontab, linger and its lines of sudoers\. A crontab and jobs of at\(1\) are kept in \/var\/lib\/muster-aside on hub/,
      ),
    ]);
  });

  it("is stopped only after the new host has accepted it, and released only after its complete home has arrived", async () => {
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

  it("is found through its record on the old host if the state was lost", async () => {
    expect(await declare()).toMatchObject({ moves: { [TO]: ID } });
  });

  it("moves only once, and the home that remains on the old host is reported", async () => {
    await seen();
    await declare();
    await rig.engine.create(THERE, there);
    rig.engine.messages.length = 0;
    expect(await declare()).toMatchObject({ moves: {} });
    expect(messages()).toEqual([
      "hub: iris has moved to edge: `up` deletes its home /home/iris with everything in it.",
    ]);
  });
});

describe("an agent that cannot move", () => {
  it("keeps its home on the old host, although the engine continues and removes undeclared resources", async () => {
    await seen();
    await declare();
    rig.hosts.edge.unreachable = unreachable("edge");
    await failureOf(rig.engine.create(THERE, there));
    const message = await errorOf(rig.engine.delete(AGENT, ID, iris));
    expect(message).toContain("hub/iris/agent was not removed: iris has not moved from hub to edge yet.");
    const host = await errorOf(rig.engine.delete(urnOf("Host", "hub/host"), "hub/host", iris));
    expect(host).toContain("hub/host was not removed");
    expect(steps().filter((step) => /leave|remove/.test(step))).toEqual([]);
  });

  it("keeps running on the old host if the new host fails during the move", async () => {
    await seen();
    await declare();
    rig.hosts.edge.failAfter = 0;
    const message = await errorOf(rig.engine.create(THERE, there));
    expect(message).toContain("the disk is full");
    expect(rig.hosts.hub.moves.size).toBe(0);
    expect(rig.hosts.hub.requests.at(-1)).toMatchObject({ op: "settle", outcome: "failed" });
  });

  it("is reported with instructions if its old host is unreachable, and is not created on the new host", async () => {
    rig.hosts.hub.unreachable = unreachable("hub");
    await failureOf(seen());
    await declare();
    expect(messages()).toContain(
      "iris cannot move from hub to edge while hub is unreachable, because its home is there. To give up that home, run " +
        "`npx fleet forget hub --agent iris`.",
    );
    const message = await errorOf(rig.engine.create(THERE, there));
    expect(message).toContain(
      "its home is on hub, which is unreachable. When hub is back, run `npx pulumi up`.",
    );
    expect(rig.hosts.edge.requests.map(({ op }) => op)).not.toContain("converge");
  });

  it("is reported if it is protected", async () => {
    await seen({ ...iris, protect: true });
    await declare();
    const message = await errorOf(rig.engine.create(THERE, there));
    expect(message).toContain("it is protected on hub");
    expect(rig.hosts.hub.moves.size).toBe(0);
  });

  it("is refused in a run that does not include its old host", async () => {
    const message = await errorOf(rig.engine.create(THERE, there));
    expect(message).toContain("its home is on hub, which this run does not cover.");
    expect(rig.hosts.edge.records.size).toBe(0);
  });
});
