import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PREFLIGHT_TOKEN } from "../../src/model/preflight.ts";
import { HostError } from "../../src/transport/host-error.ts";
import { initFailed, type Json } from "../doubles/engine.ts";
import {
  AGENT,
  failureOf,
  HOME,
  ID,
  inputsOf,
  itemsOf,
  makeRig,
  RECURRENCE,
  type Rig,
  SOUL,
  secretItem,
  urnOf,
} from "./rig.ts";

const want = { enabled: "enabled", active: "running", overrides: "none" } as const;
const key = secretItem("env:API_KEY", "API_KEY");
const unit = { kind: "unit", name: "muster-agent-iris.service", want } as const;

/** The complete agent, as the current version of the program declares it. */
const declared = inputsOf(ID, {
  "SOUL.md": SOUL,
  home: HOME,
  "credentials:key": key,
  "unit:unit": unit,
});

/** The resources that an earlier version left in the state. */
const FORMER = "hub/iris/identity";
const IDENTITY = urnOf("Identity", FORMER);
const identity = { host: "hub", resource: FORMER, items: itemsOf(declared) };
const others: [type: string, name: string][] = [
  ["ContactBook", "hub/iris/contacts"],
  ["Credential", "hub/iris/credentials"],
  ["AgentUnit", "hub/iris/unit"],
  ["AgentJobs", "hub/iris/jobs"],
];

let rig: Rig;
let inputs: Json;
beforeEach(async () => {
  rig = await makeRig({ API_KEY: "a value" });
  inputs = (await rig.engine.check(AGENT, declared)).inputs;
  // A host with the current version merges the former records into one agent.
  await rig.engine.create(AGENT, inputs);
  rig.hosts.hub.requests.length = 0;
});
afterEach(() => rig.stop());

const read = (recorded: { inputs: Json; state: Json } = { inputs: identity, state: identity }) =>
  rig.engine.read(IDENTITY, FORMER, recorded);
const ops = () => rig.hosts.hub.requests.map(({ op }) => op);

describe("an Identity resource that an earlier version has left in the state", () => {
  it("is read as the complete agent, under its own name", async () => {
    const seen = await read();
    expect(seen.id).toBe(FORMER);
    expect(seen.inputs).not.toHaveProperty("items");
    expect(Object.keys(seen.state).sort()).toEqual(["credentials", "host", "identity", "resource", "unit"]);
    expect(seen.state["identity"]).toEqual(inputs["identity"]);
    expect(await rig.engine.diff(AGENT, seen.state, inputs)).toEqual({ resource: "update" });
    expect(ops()).toEqual(["observe"]);
  });

  it("is read with the same result after the first result was saved", async () => {
    const seen = await read();
    expect(await read(seen)).toEqual(seen);
  });

  it("is reported once in the preview, because the agent becomes one resource", async () => {
    const { state } = await read();
    await rig.engine.update(AGENT, state, inputs, true);
    expect(rig.engine.messages.map(({ message }) => message)).toEqual([
      "hub: iris becomes one resource; nothing is stopped or removed",
    ]);
    const updated = await rig.engine.update(AGENT, state, inputs);
    expect(updated.state).toEqual(inputs);
    rig.engine.messages.length = 0;
    await rig.engine.update(AGENT, updated.state, inputs, true);
    expect(rig.engine.messages).toEqual([]);
  });

  it("shows a change to any of the agent's parts", async () => {
    rig.hosts.hub.things.set(`unit ${unit.name}`, { ...want, active: "stopped" });
    const { state } = await read();
    expect(await rig.engine.diff(AGENT, state, inputs)).toEqual({
      resource: "update",
      "unit.unit.active": "update",
    });
  });

  it("exists as long as at least one of the agent's parts exists", async () => {
    rig.hosts.hub.things.delete("file /home/iris/SOUL.md");
    rig.hosts.hub.things.delete("directory /home/iris");
    expect((await read()).id).toBe(FORMER);
  });

  it("is gone if the complete agent is gone", async () => {
    rig.hosts.hub.things.clear();
    expect((await read()).id).toBe("");
  });

  it("is kept while its host is unreachable, and is read as the complete agent once the host is reachable", async () => {
    rig.hosts.hub.unreachable = new HostError({
      host: "hub",
      reason: "timeout",
      what: "it is silent",
      why: "no answer.",
    });
    const saved = initFailed(await failureOf(read())) ?? expect.fail();
    rig.hosts.hub.unreachable = undefined;
    // A change of another resource makes this run observe the host again.
    await rig.engine.create(urnOf("HostJobs", "hub/jobs"), inputsOf("hub/jobs", { tidy: unit }));
    const { state } = await read(saved);
    expect(await rig.engine.diff(AGENT, state, inputs)).toEqual({ resource: "update" });
  });

  it("counts as the agent that the program declares", async () => {
    await read();
    for (const [type, name] of others)
      await rig.engine.read(urnOf(type, name), name, { inputs, state: inputs });
    const answer = await rig.engine.invoke(PREFLIGHT_TOKEN, {
      recurrence: RECURRENCE,
      owner: "fleet/dev",
      declared: [{ name: ID, host: "hub", formerly: [] }],
    });
    expect(answer).toEqual({ unclaimed: [], moves: {}, newcomers: [] });
    expect(rig.engine.messages).toEqual([]);
  });

  it("is removed with the complete agent", async () => {
    await rig.engine.delete(IDENTITY, FORMER, identity);
    expect(rig.hosts.hub.requests).toMatchObject([{ op: "remove", id: ID }]);
    expect(rig.hosts.hub.records.size).toBe(0);
  });
});

describe.each(others)("a %s resource that an earlier version has left in the state", (type, name) => {
  const urn = urnOf(type, name);
  const state = { host: "hub", resource: name, items: {}, protect: true };

  it("is reported as gone, and no host is contacted", async () => {
    expect((await rig.engine.read(urn, name, { inputs: state, state })).id).toBe("");
    expect(ops()).toEqual([]);
  });

  it("is removed from the state without any change on the host", async () => {
    const things = new Map(rig.hosts.hub.things);
    await rig.engine.delete(urn, name, state);
    expect(ops()).toEqual([]);
    expect(rig.hosts.hub.things).toEqual(things);
  });
});
