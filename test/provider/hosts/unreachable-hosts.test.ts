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

const silent = new HostError({ host: "hub", reason: "timeout", what: "it is silent", why: "no answer." });

/** The error of each resource. The error of the host itself is reported only once for the stack. */
const SHORT = "hub: it is unreachable: the stack's warning says why.";
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

describe("an unreachable host", () => {
  it("keeps the recorded state of each resource, and is observed again in the next run", async () => {
    rig.hosts.hub.unreachable = silent;
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

  it("causes a read to fail with the reason, and so does a single item that cannot be observed", async () => {
    await rig.engine.create(AGENT, iris);
    rig.hosts.hub.unknown.set("file /home/iris/SOUL.md", "its folder is a symbolic link");
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    expect(initFailed(failure)?.reasons).toEqual(["SOUL.md: its folder is a symbolic link"]);
  });

  it("does not prevent reads of other hosts", async () => {
    rig.hosts.hub.unreachable = silent;
    const there = inputsOf(ID, { "SOUL.md": SOUL }, "edge");
    await rig.engine.create(AGENT, there);
    expect((await rig.engine.read(AGENT, ID, { inputs: there, state: there })).state).toEqual(there);
  });

  it("causes changes to fail with the code `unavailable`, so that the engine keeps its state", async () => {
    rig.hosts.hub.unreachable = silent;
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

describe("the user of a run with an unreachable host", () => {
  it("gets only one message for the host, with the last-reached time, the reason and an instruction", async () => {
    rig.facts.reached.set("hub", new Date("2026-11-23T18:20:45Z"));
    rig.hosts.hub.unreachable = silent;
    for (let times = 0; times < 3; times += 1) {
      await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    }
    await failureOf(rig.engine.update(AGENT, iris, iris));
    const message =
      "hub is unreachable, last reached 2026-11-23 18:20 UTC: it is silent: no answer. Its recorded state " +
      "is kept; when it is back, `npx pulumi up` finishes the work.";
    expect(rig.engine.messages).toEqual([{ severity: 2, message, urn: "" }]);
  });

  it("is informed if the host has never been reached", async () => {
    rig.hosts.hub.unreachable = silent;
    await failureOf(rig.engine.create(AGENT, iris));
    expect(rig.engine.messages[0]?.message).toContain(
      "hub is unreachable, never reached from here: it is silent",
    );
  });

  it("is informed of a connection that was lost during a change", async () => {
    rig.hosts.hub.unreachable = new HostError({
      host: "hub",
      reason: "cut",
      what: "it was cut",
      why: "by a knife.",
    });
    await failureOf(rig.engine.update(AGENT, iris, iris));
    expect(rig.engine.messages[0]?.message).toMatch(
      /^hub is unreachable, last reached .* UTC: it was cut: by a knife\./,
    );
  });

  it("is informed how to forget a host that fleet.yaml no longer declares", async () => {
    rig.facts.forgotten.add("hub");
    rig.hosts.hub.unreachable = silent;
    await failureOf(rig.engine.delete(AGENT, ID, iris));
    expect(rig.engine.messages[0]?.message).toContain("if it never comes back, run `npx fleet forget hub`.");
  });

  it("sees a last-reached time that each reply of the host updates", async () => {
    await rig.engine.create(AGENT, iris);
    expect([...rig.facts.reached.keys()]).toEqual(["hub"]);
  });
});

describe("an unreachable intermittent host", () => {
  beforeEach(async () => {
    await rig.engine.create(AGENT, iris);
    rig.facts.intermittent.add("hub");
    rig.hosts.hub.unreachable = silent;
  });

  it("is read as it was recorded, with one warning for all its resources", async () => {
    const state = changed(iris, "home", { mode: "0750" });
    for (const resource of [ID, "hub/loom/agent"]) {
      const read = await rig.engine.read(AGENT, resource, { inputs: iris, state });
      expect(read).toEqual({ id: resource, inputs: iris, state, refresh: true });
    }
    expect(rig.engine.messages).toHaveLength(1);
    expect(rig.engine.messages[0]).toMatchObject({ severity: 2, urn: "" });
    expect(rig.engine.messages[0]?.message).toContain("changes are deferred until it is back");
  });

  it("defers changes: a preview lists them, and `up` fails only for the changed resources", async () => {
    await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
    await rig.engine.update(AGENT, iris, iris, true);
    await rig.engine.create(urnOf("Agent", "hub/loom/agent"), iris, true);
    const waits = rig.engine.messages.filter(
      ({ message }) => message === "this change is deferred until hub is back",
    );
    expect(waits.map(({ urn }) => urn)).toEqual([AGENT, urnOf("Agent", "hub/loom/agent")]);
    const failure = await failureOf(rig.engine.update(AGENT, iris, iris));
    expect(failure).toMatchObject({
      code: 14,
      details:
        "hub: this change is deferred: the host is unreachable, and fleet.yaml declares it intermittent. Run `npx pulumi up` when it is back.",
    });
    const there = inputsOf(ID, { "SOUL.md": SOUL }, "edge");
    await rig.engine.create(AGENT, there);
  });

  it("causes an error if its host key has changed or its login is refused", async () => {
    rig.hosts.hub.unreachable = new HostError({
      host: "hub",
      reason: "key-changed",
      what: "refused",
      why: "its key.",
    });
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    expect(initFailed(failure)?.reasons).toEqual([SHORT]);
  });

  it("is observed again as soon as it is reachable", async () => {
    rig.hosts.hub.unreachable = undefined;
    rig.hosts.hub.things.delete("directory /home/iris");
    const { state } = await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
    expect(itemsOf(state)["home"]).toMatchObject({ type: "absent" });
    expect(rig.engine.messages).toEqual([]);
  });
});

describe("a host without the host runtime", () => {
  it("makes a read report the Host resource as gone, and each Agent resource as unknown", async () => {
    rig.hosts.hub.unreachable = empty;
    const host = inputsOf("hub", { runtime: { kind: "runtime", want: { bundle: "b", node: "24" } } });
    const gone = await rig.engine.read(urnOf("Host", "hub"), "hub", { inputs: host, state: host });
    expect(gone.id).toBe("");
    const failure = await failureOf(rig.engine.read(AGENT, ID, { inputs: iris, state: iris }));
    expect(initFailed(failure)?.id).toBe(ID);
  });

  it("lets a deletion succeed, because there is nothing to remove", async () => {
    rig.hosts.hub.unreachable = empty;
    await rig.engine.delete(AGENT, ID, iris);
  });
});

describe("a change that fails before it is complete", () => {
  it("keeps the id of the resource, because the resource might exist", async () => {
    rig.hosts.hub.failAfter = 1;
    const failure = await failureOf(rig.engine.create(AGENT, iris));
    expect(initFailed(failure)).toMatchObject({ id: ID, reasons: [`${ID}: the disk is full.`] });
    rig.hosts.hub.failAfter = undefined;
    expect((await rig.engine.update(AGENT, iris, iris)).state).toEqual(iris);
  });

  it("keeps no id if the host refused the change before anything was done", async () => {
    rig.hosts.hub.records.set(ID, { id: ID, type: "Agent", owner: "other/dev", items: {} });
    const failure = await failureOf(rig.engine.create(AGENT, iris));
    expect([failure.code, failure.details]).toEqual([9, `${ID}: it belongs to other/dev.`]);
  });

  it("keeps no id if a declared content is missing, and the error names the command to run", async () => {
    const lost = changed(iris, "SOUL.md", { content: `sha256:${"0".repeat(64)}` });
    const failure = await failureOf(rig.engine.create(AGENT, lost));
    expect(failure.code).toBe(9);
    expect(failure.details).toContain("Run `npx pulumi up` again");
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

it("an unknown type and an import are refused with a message and without a stack trace", async () => {
  const unknownType = await failureOf(rig.engine.create(urnOf("Wallet", "w"), iris));
  expect(unknownType.details).toContain("no type muster:index:Wallet");
  const imported = await failureOf(rig.engine.read(AGENT, ID, { inputs: {}, state: {} }));
  expect([imported.code, imported.details]).toEqual([3, expect.stringContaining("run `npx pulumi up`")]);
});
