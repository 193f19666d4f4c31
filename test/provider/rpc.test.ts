import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretDigest } from "../../src/model/digest.ts";
import { HostError, RuntimeError } from "../../src/transport/host-error.ts";
import { type CallFailure, initFailed, type Json } from "../doubles/engine.ts";
import { changed, HOME, inputsOf, makeRig, type Rig, SOUL, secretItem, urnOf } from "./rig.ts";

const ID = "hub/iris/identity";
const IDENTITY = urnOf("Identity", ID);
const CREDENTIAL = urnOf("Credential", "hub/iris/credentials");
const identity = inputsOf(ID, { "SOUL.md": SOUL, home: HOME });

const away = new HostError({ host: "hub", reason: "timeout", what: "it is away", why: "no answer in 5 s." });
const empty = new RuntimeError({
  host: "hub",
  reason: "nothing-installed",
  what: "bare",
  why: "no runtime.",
});

/** What a secret value looks like on the wire. */
const marked = (value: string) => ({ "4dabf18193072939515e22adb298388d": SECRET, value });
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig({ API_KEY: "from the environment" });
});
afterEach(() => rig.stop());

const failureOf = (call: Promise<unknown>): Promise<CallFailure> =>
  call.then(
    () => {
      throw new Error("the call did not fail");
    },
    (error: CallFailure) => error,
  );

const itemsOf = (properties: Json) => properties["items"] as Record<string, Json>;

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

describe("a plan", () => {
  it("adds, changes and drops items by name", async () => {
    const other = inputsOf(ID, { "SOUL.md": { ...SOUL, notify: "iris.service" } as never, "notes.md": SOUL });
    expect(await rig.engine.diff(IDENTITY, identity, other)).toEqual({
      'items["SOUL.md"].notify': "add",
      'items["notes.md"]': "add",
      "items.home": "delete",
    });
  });

  it("replaces a resource that moves to another host, the new one first", async () => {
    const response = await rig.engine.diffResponse(IDENTITY, identity, { ...identity, host: "edge" });
    expect(response.getReplacesList()).toEqual(["host"]);
    expect(response.getDeletebeforereplace()).toBe(false);
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

describe("a secret", () => {
  const reference = inputsOf("hub/iris/credentials", { spark: secretItem("config:spark-key", "SPARK_KEY") });
  const path = secretItem("config:spark-key") as { path: string };

  it("shows as a changed digest when it is rotated, marked secret in inputs and state", async () => {
    await rig.engine.configure({ "spark-key": marked("one") });
    const { inputs } = await rig.engine.check(CREDENTIAL, reference);
    const digest = marked(secretDigest(path.path, 'SPARK_KEY="one"\n'));
    expect(itemsOf(inputs)["spark"]).toMatchObject({ content: digest });
    const { state } = await rig.engine.create(CREDENTIAL, inputs);
    expect(state).toEqual(inputs);
    await rig.engine.configure({ "spark-key": marked("two") });
    const rotated = await rig.engine.check(CREDENTIAL, reference);
    const seen = await rig.engine.read(CREDENTIAL, "hub/iris/credentials", { inputs, state });
    expect(seen.state).toEqual(state);
    expect(await rig.engine.diff(CREDENTIAL, seen.state, rotated.inputs)).toEqual({
      "items.spark.content": "update",
    });
  });

  it("reaches the host as it is written there, and nothing else", async () => {
    await rig.engine.configure({ "spark-key": marked('a"b$c') });
    const { inputs } = await rig.engine.check(CREDENTIAL, reference);
    await rig.engine.create(CREDENTIAL, inputs);
    const [converge] = rig.hosts.hub.requests;
    expect(converge).toMatchObject({ secrets: { spark: 'SPARK_KEY="a\\"b\\$c"\n' } });
    expect(JSON.stringify(inputs)).not.toContain('a\\"b$c');
  });

  it("that was changed by hand is drift", async () => {
    await rig.engine.configure({ "spark-key": marked("one") });
    const { inputs } = await rig.engine.check(CREDENTIAL, reference);
    const { state } = await rig.engine.create(CREDENTIAL, inputs);
    const [address = "", props] = [...rig.hosts.hub.things][0] ?? [];
    rig.hosts.hub.things.set(address, { ...props, content: "secret:of somebody" });
    const seen = await rig.engine.read(CREDENTIAL, "hub/iris/credentials", { inputs, state });
    expect(await rig.engine.diff(CREDENTIAL, seen.state, inputs)).toEqual({
      "items.spark.content": "update",
    });
    expect(itemsOf(seen.state)["spark"]).toMatchObject({ content: marked("different") });
  });

  it("without a value fails the check and names the command that gives it one", async () => {
    const { failures } = await rig.engine.check(CREDENTIAL, reference);
    expect(failures).toEqual([
      {
        property: "",
        reason:
          "spark: no value for config:spark-key: it is not set in this stack. Run `pulumi config set --secret muster:spark-key`.",
      },
    ]);
  });

  it("comes from the environment or a file as well", async () => {
    const file = join(rig.project, "key");
    writeFileSync(file, "from a file\n");
    const both = inputsOf("c", { env: secretItem("env:API_KEY"), file: secretItem(`file:${file}`) });
    const { failures, inputs } = await rig.engine.check(CREDENTIAL, both);
    expect(failures).toEqual([]);
    await rig.engine.create(CREDENTIAL, inputs);
    expect(rig.hosts.hub.requests[0]).toMatchObject({
      secrets: { env: "from the environment", file: "from a file\n" },
    });
  });

  it("that two references share is told once, without the value", async () => {
    await rig.engine.configure({ one: marked("same value"), two: marked("same value") });
    await rig.engine.check(
      CREDENTIAL,
      inputsOf("c", { a: secretItem("config:one"), b: secretItem("config:two") }),
    );
    const sentence =
      "config:two and config:one hold the same value: whoever breaks one has both. Give each its own.";
    expect(rig.engine.told.map(({ message }) => message)).toEqual([sentence]);
  });

  it("that was rotated makes the engine start over with the new configuration", async () => {
    const changes = async (olds: Json, news: Json) => (await rig.engine.diffConfig(olds, news)).getChanges();
    expect(await changes({ key: marked("one") }, { key: marked("one") })).toBe(1);
    expect(await changes({ key: marked("one") }, { key: marked("two") })).toBe(2);
  });
});

describe("the end", () => {
  it("tells where an agent's own data was moved", async () => {
    await rig.engine.create(IDENTITY, identity);
    await rig.engine.delete(IDENTITY, ID, identity);
    expect(rig.engine.told).toEqual([
      {
        severity: 1,
        message: "hub: moved aside, kept for you: /var/lib/muster-aside/home/iris",
        urn: IDENTITY,
      },
    ]);
    expect(rig.hosts.hub.things.size).toBe(0);
  });

  it("of a Host takes the runtime away last", async () => {
    const host = inputsOf("hub", { runtime: { kind: "runtime", want: { bundle: "b", node: "24" } } });
    await rig.engine.delete(urnOf("Host", "hub"), "hub", host);
    expect(rig.hosts.hub.uninstalled).toBe(true);
  });

  it("of a run by Ctrl-C lets nothing new begin", async () => {
    await rig.engine.cancel();
    const failure = await failureOf(rig.engine.create(IDENTITY, identity));
    expect(failure.details).toContain("the run was cancelled");
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

describe("a local host", () => {
  const LOCAL = urnOf("LocalHost", "hub");
  const wanted = { host: "hub", running: true };
  const recorded = { inputs: wanted, state: wanted };

  it("that was stopped is booted by an update", async () => {
    expect((await rig.engine.create(LOCAL, wanted)).id).toBe("hub");
    rig.machines.set("hub", "stopped");
    const seen = await rig.engine.read(LOCAL, "hub", recorded);
    expect(await rig.engine.diff(LOCAL, seen.state, wanted)).toEqual({ running: "update" });
    expect((await rig.engine.update(LOCAL, seen.state, wanted)).state).toEqual(wanted);
    expect(rig.machines.get("hub")).toBe("running");
  });

  it("that is not there any more is gone, and its removal succeeds", async () => {
    expect((await rig.engine.read(LOCAL, "hub", recorded)).id).toBe("");
    await rig.engine.delete(LOCAL, "hub", wanted);
  });
});

it("an unknown type and an import are refused in a sentence, not with a stack", async () => {
  const strange = await failureOf(rig.engine.create(urnOf("Wallet", "w"), identity));
  expect(strange.details).toContain("no type muster:index:Wallet");
  const imported = await failureOf(rig.engine.read(IDENTITY, ID, { inputs: {}, state: {} }));
  expect([imported.code, imported.details]).toEqual([3, expect.stringContaining("run `pulumi up`")]);
});
