import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, changed, ID, inputsOf, iris, itemsOf, makeRig, type Rig, SOUL, urnOf } from "./rig.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

describe("drift", () => {
  it("is reported for each property, with quotes in the path where the engine requires them", async () => {
    const { state } = await rig.engine.create(AGENT, iris);
    const soul = rig.hosts.hub.things.get("file /home/iris/SOUL.md");
    rig.hosts.hub.things.set("file /home/iris/SOUL.md", { ...soul, mode: "0666", owner: "root" });
    const seen = await rig.engine.read(AGENT, ID, { inputs: iris, state });
    expect(seen.refresh).toBe(true);
    expect(seen.inputs).toEqual(changed(iris, "SOUL.md", { mode: "0666", owner: "root" }));
    expect(seen.state).toEqual(seen.inputs);
    expect(await rig.engine.diff(AGENT, seen.state, iris)).toEqual({
      'identity["SOUL.md"].mode': "update",
      'identity["SOUL.md"].owner': "update",
    });
  });

  it("is reported only as the absence of the file if a file was deleted", async () => {
    const { state } = await rig.engine.create(AGENT, iris);
    rig.hosts.hub.things.delete("file /home/iris/SOUL.md");
    const seen = await rig.engine.read(AGENT, ID, { inputs: iris, state });
    expect(await rig.engine.diff(AGENT, seen.state, iris)).toEqual({
      'identity["SOUL.md"].type': "update",
    });
  });

  it("is computed from the observed state, not from the inputs of the last run", async () => {
    const response = await rig.engine.diffResponse(AGENT, iris, changed(iris, "home", { mode: "0755" }));
    expect(response.getHasdetaileddiff()).toBe(true);
    expect(response.getDetaileddiffMap().get("identity.home.mode")?.getInputdiff()).toBe(false);
  });

  it("is still found after a refresh was saved to the state", async () => {
    const { state } = await rig.engine.create(AGENT, iris);
    const soul = rig.hosts.hub.things.get("file /home/iris/SOUL.md");
    rig.hosts.hub.things.set("file /home/iris/SOUL.md", { ...soul, content: "sha256:other" });
    const saved = await rig.engine.read(AGENT, ID, { inputs: iris, state });
    const again = await rig.engine.read(AGENT, ID, saved);
    expect(await rig.engine.diff(AGENT, again.state, iris)).toEqual({
      'identity["SOUL.md"].content': "update",
    });
  });

  it("makes the engine recreate a resource if none of its items exists", async () => {
    const { state } = await rig.engine.create(AGENT, iris);
    rig.hosts.hub.things.clear();
    expect((await rig.engine.read(AGENT, ID, { inputs: iris, state })).id).toBe("");
  });
});

describe("an agent's unit", () => {
  const name = "muster-agent-iris.service";
  const running = { enabled: "enabled", active: "running", overrides: "none" } as const;
  const inputs = inputsOf(ID, {
    "unit:unit": { kind: "unit", name, want: running },
    "unit:unit file": { ...SOUL, path: `/etc/systemd/system/${name}` } as never,
  });

  it("is reported as changed, not as gone, if it still runs without its file", async () => {
    const { state } = await rig.engine.create(AGENT, inputs);
    rig.hosts.hub.things.delete(`file /etc/systemd/system/${name}`);
    rig.hosts.hub.things.set(`unit ${name}`, { ...running, enabled: "absent" });
    const seen = await rig.engine.read(AGENT, ID, { inputs, state });
    expect(await rig.engine.diff(AGENT, seen.state, inputs)).toEqual({
      "unit.unit.enabled": "update",
      'unit["unit file"].type': "update",
    });
  });

  it("is reported as gone if it is stopped and has no file", async () => {
    const { state } = await rig.engine.create(AGENT, inputs);
    rig.hosts.hub.things.clear();
    expect((await rig.engine.read(AGENT, ID, { inputs, state })).id).toBe("");
  });
});

describe("the preview of a change", () => {
  it("adds, changes and removes items by name", async () => {
    const other = inputsOf(ID, { "SOUL.md": { ...SOUL, notify: "iris.service" } as never, "notes.md": SOUL });
    expect(await rig.engine.diff(AGENT, iris, other)).toEqual({
      'identity["SOUL.md"].notify': "add",
      'identity["notes.md"]': "add",
      "identity.home": "delete",
    });
  });

  it("distinguishes items with the same name in two parts", async () => {
    const both = inputsOf(ID, {
      "identity:notes": SOUL,
      "jobs:notes": { ...SOUL, path: "/opt/notes" } as never,
    });
    expect(await rig.engine.diff(AGENT, both, inputsOf(ID, { "identity:notes": SOUL }))).toEqual({
      "jobs.notes": "delete",
    });
  });

  it("shows an update and no replacement if a resource's host or id has changed, because only a rename changes them", async () => {
    const renamed = { ...iris, host: "edge", resource: "edge/iris/agent" };
    const response = await rig.engine.diffResponse(AGENT, iris, renamed);
    expect(response.getReplacesList()).toEqual([]);
    expect(response.getDetaileddiffMap().getLength()).toBe(2);
  });

  it("shows no change if only the inputs `protect` and `formerly` have changed", async () => {
    const directed = { ...iris, protect: true, formerly: ["hub/vera/agent"] };
    expect(await rig.engine.diff(AGENT, iris, directed)).toEqual({});
    const { state } = await rig.engine.update(AGENT, iris, directed);
    expect(state).toEqual(iris);
    expect((await rig.engine.read(AGENT, ID, { inputs: directed, state })).state).toEqual(iris);
  });

  it("keeps unknown values, and shows no deletion or replacement because of them", async () => {
    const unknown = { ...iris, identity: { ...itemsOf(iris), "SOUL.md": UNKNOWN } };
    expect((await rig.engine.check(AGENT, unknown)).inputs).toEqual(unknown);
    expect(await rig.engine.diff(AGENT, iris, unknown)).toEqual({ 'identity["SOUL.md"]': "update" });
    expect(await rig.engine.diff(AGENT, iris, { ...iris, identity: UNKNOWN })).toEqual({
      identity: "update",
    });
    expect(await rig.engine.diff(AGENT, iris, { ...iris, host: UNKNOWN })).toEqual({
      host: "update",
    });
  });

  it("only observes the host", async () => {
    const preview = await rig.engine.create(AGENT, iris, true);
    expect(preview).toEqual({ id: ID, state: iris, refresh: true });
    await rig.engine.update(AGENT, iris, iris, true);
    await rig.engine.check(AGENT, iris);
    await rig.engine.diff(AGENT, iris, iris);
    expect(rig.hosts.hub.requests.map(({ op }) => op)).toEqual(["observe", "observe"]);
  });
});

describe("a read of a host", () => {
  it("sends only one request for all resources of the host", async () => {
    const ids = ["a", "b", "c", "d"].map((name) => `hub/${name}/agent`);
    for (const id of ids) await rig.engine.create(urnOf("Agent", id), inputsOf(id, { [id]: SOUL }));
    rig.hosts.hub.requests.length = 0;
    await Promise.all(
      ids.map((id) => {
        const inputs = inputsOf(id, { [id]: SOUL });
        return rig.engine.read(urnOf("Agent", id), id, { inputs, state: inputs });
      }),
    );
    expect(rig.hosts.hub.requests).toEqual([{ op: "observe", owner: "fleet/dev" }]);
  });

  it("sends an additional request for a resource that has no record on the host", async () => {
    await rig.engine.create(AGENT, iris);
    rig.hosts.hub.records.clear();
    const seen = await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
    expect(seen.state).toEqual(iris);
  });

  it("observes the host again after a change", async () => {
    await rig.engine.create(AGENT, iris);
    await rig.engine.read(AGENT, ID, { inputs: iris, state: iris });
    const wider = changed(iris, "home", { mode: "0755" });
    await rig.engine.update(AGENT, iris, wider);
    const seen = await rig.engine.read(AGENT, ID, { inputs: wider, state: wider });
    expect(seen.state).toEqual(wider);
  });
});
