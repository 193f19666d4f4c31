import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostError, RuntimeError } from "../../src/transport/host-error.ts";
import { initFailed } from "../doubles/engine.ts";
import {
  changed,
  failureOf,
  ID,
  IDENTITY,
  identity,
  inputsOf,
  makeRig,
  type Rig,
  SOUL,
  urnOf,
} from "./rig.ts";

const away = new HostError({ host: "hub", reason: "timeout", what: "it is away", why: "no answer in 5 s." });
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
    const inputs = changed(identity, "home", { mode: "0750" });
    const failure = await failureOf(rig.engine.read(IDENTITY, ID, { inputs, state: identity }));
    expect(initFailed(failure)).toEqual({
      id: ID,
      inputs,
      state: identity,
      reasons: ["hub: it is away: no answer in 5 s."],
      refresh: true,
    });
  });

  it("is unknown also where one item cannot be looked at", async () => {
    await rig.engine.create(IDENTITY, identity);
    rig.hosts.hub.unknown.set("file /home/iris/SOUL.md", "its folder is a symbolic link");
    const failure = await failureOf(rig.engine.read(IDENTITY, ID, { inputs: identity, state: identity }));
    expect(initFailed(failure)?.reasons).toEqual(["SOUL.md: its folder is a symbolic link"]);
  });

  it("does not keep another host from being read", async () => {
    rig.hosts.hub.away = away;
    const there = inputsOf(ID, { "SOUL.md": SOUL }, "edge");
    await rig.engine.create(IDENTITY, there);
    expect((await rig.engine.read(IDENTITY, ID, { inputs: there, state: there })).state).toEqual(there);
  });

  it("fails changes as unavailable, so that the engine keeps its state and knows it is not corrupt", async () => {
    rig.hosts.hub.away = away;
    for (const call of [
      rig.engine.create(IDENTITY, identity),
      rig.engine.update(IDENTITY, identity, identity),
      rig.engine.delete(IDENTITY, ID, identity),
    ]) {
      const failure = await failureOf(call);
      expect([failure.code, failure.details]).toEqual([14, "hub: it is away: no answer in 5 s."]);
      expect(initFailed(failure)).toBeUndefined();
    }
  });
});

describe("a bare host", () => {
  it("is a gone Host, but an unknown Identity", async () => {
    rig.hosts.hub.away = empty;
    const host = inputsOf("hub", { runtime: { kind: "runtime", want: { bundle: "b", node: "24" } } });
    const gone = await rig.engine.read(urnOf("Host", "hub"), "hub", { inputs: host, state: host });
    expect(gone.id).toBe("");
    const failure = await failureOf(rig.engine.read(IDENTITY, ID, { inputs: identity, state: identity }));
    expect(initFailed(failure)?.id).toBe(ID);
  });

  it("has nothing left to remove", async () => {
    rig.hosts.hub.away = empty;
    await rig.engine.delete(IDENTITY, ID, identity);
  });
});

describe("a change that fails half-way", () => {
  it("keeps the id of what may be there", async () => {
    rig.hosts.hub.failAfter = 1;
    const failure = await failureOf(rig.engine.create(IDENTITY, identity));
    expect(initFailed(failure)).toMatchObject({ id: ID, reasons: [`${ID}: the disk is full.`] });
    rig.hosts.hub.failAfter = undefined;
    expect((await rig.engine.update(IDENTITY, identity, identity)).state).toEqual(identity);
  });

  it("keeps no id where the host refused before the first change", async () => {
    rig.hosts.hub.records.set(ID, { id: ID, type: "Identity", owner: "other/dev", items: {} });
    const failure = await failureOf(rig.engine.create(IDENTITY, identity));
    expect([failure.code, failure.details]).toEqual([9, `${ID}: it belongs to other/dev.`]);
  });

  it("keeps no id where a declared content is missing, and says what to run", async () => {
    const lost = changed(identity, "SOUL.md", { content: `sha256:${"0".repeat(64)}` });
    const failure = await failureOf(rig.engine.create(IDENTITY, lost));
    expect(failure.code).toBe(9);
    expect(failure.details).toContain("Run `pulumi up` again");
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

it("an unknown type and an import are refused in a sentence, not with a stack", async () => {
  const strange = await failureOf(rig.engine.create(urnOf("Wallet", "w"), identity));
  expect(strange.details).toContain("no type muster:index:Wallet");
  const imported = await failureOf(rig.engine.read(IDENTITY, ID, { inputs: {}, state: {} }));
  expect([imported.code, imported.details]).toEqual([3, expect.stringContaining("run `pulumi up`")]);
});
