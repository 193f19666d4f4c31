import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostError, RuntimeError } from "../../../src/transport/host-error.ts";
import { initFailed } from "../../doubles/engine.ts";
import {
  AGENT,
  changed,
  failureOf,
  ID,
  inputsOf,
  iris,
  itemsOf,
  makeRig,
  type Rig,
  SOUL,
  urnOf,
} from "../rig.ts";

const away = new HostError({ host: "hub", reason: "timeout", what: "it is silent", why: "no answer." });

/** What each resource says; the host's own sentence belongs to the stack. */
const SHORT = "hub: it is away: the message at the stack tells more.";
const empty = new RuntimeError({
  host: "hub",
  reason: "nothing-installed",
  what: "bare",
  why: "no runtime.",
});

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

describe("a host that is away", () => {
  it("keeps what is recorded, says why, and is asked again", async () => {
    rig.hosts.hub.away = away;
    const inputs = changed(iris, "home", { mode: "0750" });
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs, state: iris }));
    expect(initFailed(failure)).toEqual({
      id: ID,
      inputs,
      state: iris,
      reasons: [SHORT],
      refresh: true,
    });
  });

  it("is unknown also where one item cannot be looked at", async () => {
    await rig.engine.create(AGENT, iris);
    rig.hosts.hub.unknown.set("file /home/iris/SOUL.md", "its folder is a symbolic link");
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    expect(initFailed(failure)?.reasons).toEqual(["SOUL.md: its folder is a symbolic link"]);
  });

  it("does not keep another host from being read", async () => {
    rig.hosts.hub.away = away;
    const there = inputsOf(ID, { "SOUL.md": SOUL }, "edge");
    await rig.engine.create(AGENT, there);
    expect((await rig.engine.read(AGENT, ID, { inputs: there, state: there })).state).toEqual(there);
  });

  it("fails changes as unavailable, so that the engine keeps its state and knows it is not corrupt", async () => {
    rig.hosts.hub.away = away;
    const calls = [
      rig.engine.create(AGENT, iris),
      rig.engine.update(AGENT, iris, iris),
      rig.engine.delete(AGENT, ID, iris),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect([failure.code, failure.details]).toEqual([14, SHORT]);
      expect(initFailed(failure)).toBeUndefined();
    }
  });
});

describe("the person", () => {
  it("is told of the host once, by no resource: which, since when, why, and what to do", async () => {
    rig.facts.reached.set("hub", new Date("2026-11-23T18:20:45Z"));
    rig.hosts.hub.away = away;
    for (let times = 0; times < 3; times += 1) {
      await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    }
    await failureOf(rig.engine.update(AGENT, iris, iris));
    const message =
      "hub is away, last reached 2026-11-23 18:20 UTC: it is silent: no answer. What is recorded of it " +
      "is kept; when it is back, `npx pulumi up` finishes the work.";
    expect(rig.engine.told).toEqual([{ severity: 2, message, urn: "" }]);
  });

  it("is told so when the host was never reached", async () => {
    rig.hosts.hub.away = away;
    await failureOf(rig.engine.create(AGENT, iris));
    expect(rig.engine.told[0]?.message).toContain("hub is away, not reached from here before: it is silent");
  });

  it("is told of a connection that was lost on the way", async () => {
    rig.hosts.hub.away = new HostError({
      host: "hub",
      reason: "cut",
      what: "it was cut",
      why: "by a knife.",
    });
    await failureOf(rig.engine.update(AGENT, iris, iris));
    expect(rig.engine.told[0]?.message).toMatch(
      /^hub is away, last reached .* UTC: it was cut: by a knife\./,
    );
  });

  it("is told how to forget a host that fleet.yaml does not declare any more", async () => {
    rig.facts.forgotten.add("hub");
    rig.hosts.hub.away = away;
    await failureOf(rig.engine.delete(AGENT, ID, iris));
    expect(rig.engine.told[0]?.message).toContain("if it never comes back, `npx fleet forget hub`.");
  });

  it("learns from a host that answers when that was", async () => {
    await rig.engine.create(AGENT, iris);
    expect([...rig.facts.reached.keys()]).toEqual(["hub"]);
  });
});

describe("an intermittent host that is away", () => {
  beforeEach(async () => {
    await rig.engine.create(AGENT, iris);
    rig.facts.intermittent.add("hub");
    rig.hosts.hub.away = away;
  });

  it("is read as it was recorded, with one warning however many resources it has", async () => {
    const state = changed(iris, "home", { mode: "0750" });
    for (const resource of [ID, "hub/loom/agent"]) {
      const read = await rig.engine.read(AGENT, resource, { inputs: iris, state });
      expect(read).toEqual({ id: resource, inputs: iris, state, refresh: true });
    }
    expect(rig.engine.told).toHaveLength(1);
    expect(rig.engine.told[0]).toMatchObject({ severity: 2, urn: "" });
    expect(rig.engine.told[0]?.message).toContain("changes wait until it is back");
  });

  it("lets what is due wait: a preview lists it, and up fails that resource alone", async () => {
    await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
    await rig.engine.update(AGENT, iris, iris, true);
    await rig.engine.create(urnOf("Agent", "hub/loom/agent"), iris, true);
    const waits = rig.engine.told.filter(({ message }) => message === "waits until hub is back");
    expect(waits.map(({ urn }) => urn)).toEqual([AGENT, urnOf("Agent", "hub/loom/agent")]);
    const failure = await failureOf(rig.engine.update(AGENT, iris, iris));
    expect(failure).toMatchObject({
      code: 14,
      details: "hub: this change waits: the host is away, as it may be.",
    });
    const there = inputsOf(ID, { "SOUL.md": SOUL }, "edge");
    await rig.engine.create(AGENT, there);
  });

  it("is no note where another key or a refused login keeps us out", async () => {
    rig.hosts.hub.away = new HostError({
      host: "hub",
      reason: "key-changed",
      what: "refused",
      why: "its key.",
    });
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    expect(initFailed(failure)?.reasons).toEqual([SHORT]);
  });

  it("is read as it is when it is back", async () => {
    rig.hosts.hub.away = undefined;
    rig.hosts.hub.things.delete("directory /home/iris");
    const { state } = await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
    expect(itemsOf(state)["home"]).toMatchObject({ type: "absent" });
    expect(rig.engine.told).toEqual([]);
  });
});

describe("a bare host", () => {
  it("is a gone Host, but an unknown Agent", async () => {
    rig.hosts.hub.away = empty;
    const host = inputsOf("hub", { runtime: { kind: "runtime", want: { bundle: "b", node: "24" } } });
    const gone = await rig.engine.read(urnOf("Host", "hub"), "hub", { inputs: host, state: host });
    expect(gone.id).toBe("");
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    expect(initFailed(failure)?.id).toBe(ID);
  });

  it("has nothing left to remove", async () => {
    rig.hosts.hub.away = empty;
    await rig.engine.delete(AGENT, ID, iris);
  });
});

describe("a change that fails half-way", () => {
  it("keeps the id of what may be there", async () => {
    rig.hosts.hub.failAfter = 1;
    const failure = await failureOf(rig.engine.create(AGENT, iris));
    expect(initFailed(failure)).toMatchObject({ id: ID, reasons: [`${ID}: the disk is full.`] });
    rig.hosts.hub.failAfter = undefined;
    expect((await rig.engine.update(AGENT, iris, iris)).state).toEqual(iris);
  });

  it("keeps no id where the host refused before the first change", async () => {
    rig.hosts.hub.records.set(ID, { id: ID, type: "Agent", owner: "other/dev", items: {} });
    const failure = await failureOf(rig.engine.create(AGENT, iris));
    expect([failure.code, failure.details]).toEqual([9, `${ID}: it belongs to other/dev.`]);
  });

  it("keeps no id where a declared content is missing, and says what to run", async () => {
    const lost = changed(iris, "SOUL.md", { content: `sha256:${"0".repeat(64)}` });
    const failure = await failureOf(rig.engine.create(AGENT, lost));
    expect(failure.code).toBe(9);
    expect(failure.details).toContain("Run `pulumi up` again");
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

it("an unknown type and an import are refused in a sentence, not with a stack", async () => {
  const strange = await failureOf(rig.engine.create(urnOf("Wallet", "w"), iris));
  expect(strange.details).toContain("no type muster:index:Wallet");
  const imported = await failureOf(rig.engine.read(AGENT, ID, { inputs: {}, state: {} }));
  expect([imported.code, imported.details]).toEqual([3, expect.stringContaining("run `pulumi up`")]);
});
