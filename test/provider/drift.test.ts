import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changed, ID, IDENTITY, identity, inputsOf, itemsOf, makeRig, type Rig, SOUL, urnOf } from "./rig.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

describe("drift", () => {
  it("is told per property, with the path quoted where the engine needs it", async () => {
    const { state } = await rig.engine.create(IDENTITY, identity);
    const soul = rig.hosts.hub.things.get("file /home/iris/SOUL.md");
    rig.hosts.hub.things.set("file /home/iris/SOUL.md", { ...soul, mode: "0666", owner: "root" });
    const seen = await rig.engine.read(IDENTITY, ID, { inputs: identity, state });
    expect(seen.refresh).toBe(true);
    expect(seen.inputs).toEqual(changed(identity, "SOUL.md", { mode: "0666", owner: "root" }));
    expect(seen.state).toEqual(seen.inputs);
    expect(await rig.engine.diff(IDENTITY, seen.state, identity)).toEqual({
      'items["SOUL.md"].mode': "update",
      'items["SOUL.md"].owner': "update",
    });
  });

  it("of a deleted file is that it is absent, and nothing else", async () => {
    const { state } = await rig.engine.create(IDENTITY, identity);
    rig.hosts.hub.things.delete("file /home/iris/SOUL.md");
    const seen = await rig.engine.read(IDENTITY, ID, { inputs: identity, state });
    expect(await rig.engine.diff(IDENTITY, seen.state, identity)).toEqual({
      'items["SOUL.md"].type': "update",
    });
  });

  it("shows the observed state on the left side, not the inputs of the last run", async () => {
    const response = await rig.engine.diffResponse(
      IDENTITY,
      identity,
      changed(identity, "home", { mode: "0755" }),
    );
    expect(response.getHasdetaileddiff()).toBe(true);
    expect(response.getDetaileddiffMap().get("items.home.mode")?.getInputdiff()).toBe(false);
  });

  it("is still seen after a refresh that was saved", async () => {
    const { state } = await rig.engine.create(IDENTITY, identity);
    const soul = rig.hosts.hub.things.get("file /home/iris/SOUL.md");
    rig.hosts.hub.things.set("file /home/iris/SOUL.md", { ...soul, content: "sha256:other" });
    const saved = await rig.engine.read(IDENTITY, ID, { inputs: identity, state });
    const again = await rig.engine.read(IDENTITY, ID, saved);
    expect(await rig.engine.diff(IDENTITY, again.state, identity)).toEqual({
      'items["SOUL.md"].content': "update",
    });
  });

  it("of a whole resource that is gone makes the engine create it again", async () => {
    const { state } = await rig.engine.create(IDENTITY, identity);
    rig.hosts.hub.things.clear();
    expect((await rig.engine.read(IDENTITY, ID, { inputs: identity, state })).id).toBe("");
  });
});

describe("an agent's unit", () => {
  const ID = "hub/iris/unit";
  const UNIT = urnOf("AgentUnit", ID);
  const name = "muster-agent-iris.service";
  const running = { enabled: "enabled", active: "running", overrides: "none" } as const;
  const inputs = inputsOf(ID, {
    unit: { kind: "unit", name, want: running },
    "unit file": { ...SOUL, path: `/etc/systemd/system/${name}` } as never,
  });

  it("that still runs without its file is not gone: each of the two is told", async () => {
    const { state } = await rig.engine.create(UNIT, inputs);
    rig.hosts.hub.things.delete(`file /etc/systemd/system/${name}`);
    rig.hosts.hub.things.set(`unit ${name}`, { ...running, enabled: "absent" });
    const seen = await rig.engine.read(UNIT, ID, { inputs, state });
    expect(await rig.engine.diff(UNIT, seen.state, inputs)).toEqual({
      "items.unit.enabled": "update",
      'items["unit file"].type': "update",
    });
  });

  it("that is stopped, with its file gone, is gone", async () => {
    const { state } = await rig.engine.create(UNIT, inputs);
    rig.hosts.hub.things.clear();
    expect((await rig.engine.read(UNIT, ID, { inputs, state })).id).toBe("");
  });
});

describe("a plan", () => {
  it("adds, changes and drops items by name", async () => {
    const other = inputsOf(ID, { "SOUL.md": { ...SOUL, notify: "iris.service" } as never, "notes.md": SOUL });
    expect(await rig.engine.diff(IDENTITY, identity, other)).toEqual({
      'items["SOUL.md"].notify': "add",
      'items["notes.md"]': "add",
      "items.home": "delete",
    });
  });

  it("replaces nothing that has another host or id: the engine asks so only of what was renamed", async () => {
    const renamed = { ...identity, host: "edge", resource: "edge/iris/identity" };
    const response = await rig.engine.diffResponse(IDENTITY, identity, renamed);
    expect(response.getReplacesList()).toEqual([]);
    expect(response.getDetaileddiffMap().getLength()).toBe(2);
  });

  it("sees no change in what the program only says of a resource", async () => {
    const said = { ...identity, protect: true, formerly: ["hub/vera/identity"] };
    expect(await rig.engine.diff(IDENTITY, identity, said)).toEqual({});
    const { state } = await rig.engine.update(IDENTITY, identity, said);
    expect(state).toEqual(identity);
    expect((await rig.engine.read(IDENTITY, ID, { inputs: said, state })).state).toEqual(identity);
  });

  it("keeps unknown values, and neither deletes nor replaces because of them", async () => {
    const unknown = { ...identity, items: { ...itemsOf(identity), "SOUL.md": UNKNOWN } };
    expect((await rig.engine.check(IDENTITY, unknown)).inputs).toEqual(unknown);
    expect(await rig.engine.diff(IDENTITY, identity, unknown)).toEqual({ 'items["SOUL.md"]': "update" });
    expect(await rig.engine.diff(IDENTITY, identity, { ...identity, items: UNKNOWN })).toEqual({
      items: "update",
    });
    expect(await rig.engine.diff(IDENTITY, identity, { ...identity, host: UNKNOWN })).toEqual({
      host: "update",
    });
  });

  it("contacts no host, neither for a create nor for an update", async () => {
    const preview = await rig.engine.create(IDENTITY, identity, true);
    expect(preview).toEqual({ id: ID, state: identity, refresh: true });
    await rig.engine.update(IDENTITY, identity, identity, true);
    await rig.engine.check(IDENTITY, identity);
    await rig.engine.diff(IDENTITY, identity, identity);
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

describe("reading a host", () => {
  it("asks it once for all its resources", async () => {
    const ids = ["a", "b", "c", "d"];
    for (const id of ids) await rig.engine.create(urnOf("Identity", id), inputsOf(id, { [id]: SOUL }));
    rig.hosts.hub.requests.length = 0;
    await Promise.all(
      ids.map((id) => {
        const inputs = inputsOf(id, { [id]: SOUL });
        return rig.engine.read(urnOf("Identity", id), id, { inputs, state: inputs });
      }),
    );
    expect(rig.hosts.hub.requests).toEqual([{ op: "observe", owner: "fleet/dev" }]);
  });

  it("asks for a resource by itself where the host has no record of it", async () => {
    await rig.engine.create(IDENTITY, identity);
    rig.hosts.hub.records.clear();
    const seen = await rig.engine.read(IDENTITY, ID, { inputs: identity, state: identity });
    expect(seen.state).toEqual(identity);
  });

  it("looks again after a change", async () => {
    await rig.engine.create(IDENTITY, identity);
    await rig.engine.read(IDENTITY, ID, { inputs: identity, state: identity });
    const wider = changed(identity, "home", { mode: "0755" });
    await rig.engine.update(IDENTITY, identity, wider);
    const seen = await rig.engine.read(IDENTITY, ID, { inputs: wider, state: wider });
    expect(seen.state).toEqual(wider);
  });
});
