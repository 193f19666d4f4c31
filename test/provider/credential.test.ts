import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretDigest } from "../../src/model/digest.ts";
import type { HostItem } from "../../src/model/items.ts";
import type { Json } from "../doubles/engine.ts";
import { inputsOf, itemsOf, makeRig, type Rig, secretItem, urnOf } from "./rig.ts";

/** Returns a secret value as it is sent over the wire. */
const marked = (value: string) => ({ "4dabf18193072939515e22adb298388d": SECRET, value });
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ID = "hub/iris/agent";
const IRIS = urnOf("Agent", ID);
const LOOM = urnOf("Agent", "hub/loom/agent");

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig({ API_KEY: "from the environment" });
});
afterEach(() => rig.stop());

describe("a secret", () => {
  const reference = inputsOf(ID, { "credentials:spark": secretItem("config:spark-key", "SPARK_KEY") });
  const path = secretItem("config:spark-key") as { path: string };

  it("is shown as a changed digest when it is rotated, and is marked secret in inputs and state", async () => {
    await rig.engine.configure({ "spark-key": marked("one") });
    const { inputs } = await rig.engine.check(IRIS, reference);
    const digest = marked(secretDigest(path.path, 'SPARK_KEY="one"\n'));
    expect(itemsOf(inputs, "credentials")["spark"]).toMatchObject({ content: digest });
    const { state } = await rig.engine.create(IRIS, inputs);
    expect(state).toEqual(inputs);
    await rig.engine.configure({ "spark-key": marked("two") });
    const rotated = await rig.engine.check(IRIS, reference);
    const seen = await rig.engine.read(IRIS, ID, { inputs, state });
    expect(seen.state).toEqual(state);
    expect(await rig.engine.diff(IRIS, seen.state, rotated.inputs)).toEqual({
      "credentials.spark.content": "update",
    });
  });

  it("is sent only to the host, as the content of the file of the secret", async () => {
    await rig.engine.configure({ "spark-key": marked('a"b$c') });
    const { inputs } = await rig.engine.check(IRIS, reference);
    await rig.engine.create(IRIS, inputs);
    const [converge] = rig.hosts.hub.requests;
    expect(converge).toMatchObject({ secrets: { "credentials:spark": 'SPARK_KEY="a\\"b\\$c"\n' } });
    expect(JSON.stringify(inputs)).not.toContain('a\\"b$c');
  });

  it("is reported as drift if somebody has changed it on the host", async () => {
    await rig.engine.configure({ "spark-key": marked("one") });
    const { inputs } = await rig.engine.check(IRIS, reference);
    const { state } = await rig.engine.create(IRIS, inputs);
    const [address = "", props] = [...rig.hosts.hub.things][0] ?? [];
    rig.hosts.hub.things.set(address, { ...props, content: "secret:of somebody" });
    const seen = await rig.engine.read(IRIS, ID, { inputs, state });
    expect(await rig.engine.diff(IRIS, seen.state, inputs)).toEqual({
      "credentials.spark.content": "update",
    });
    expect(itemsOf(seen.state, "credentials")["spark"]).toMatchObject({ content: marked("different") });
  });

  it("fails the check if it has no value, and the error names the command that sets the value", async () => {
    const { failures } = await rig.engine.check(IRIS, reference);
    expect(failures).toEqual([
      {
        property: "",
        reason:
          "spark: there is no value for config:spark-key: it is not set in this stack. Run `npx pulumi config set --secret muster:spark-key`.",
      },
    ]);
  });

  it("can also be read from the environment or a file", async () => {
    const file = join(rig.project, "key");
    writeFileSync(file, "from a file\n");
    const both = inputsOf(ID, {
      "credentials:env": secretItem("env:API_KEY"),
      "credentials:file": secretItem(`file:${file}`),
    });
    const { failures, inputs } = await rig.engine.check(IRIS, both);
    expect(failures).toEqual([]);
    await rig.engine.create(IRIS, inputs);
    expect(rig.hosts.hub.requests[0]).toMatchObject({
      secrets: { "credentials:env": "from the environment", "credentials:file": "from a file\n" },
    });
  });

  it("is refused if two agents share it without a declared reason, and the error does not contain the value", async () => {
    await rig.engine.configure({ one: marked("same value"), two: marked("same value") });
    const two = secretItem("config:two");
    const loom = { ...two, want: { ...two.want, owner: "loom" } } as HostItem;
    await rig.engine.check(
      IRIS,
      inputsOf(ID, { "credentials:a": secretItem("config:one"), "credentials:b": two }),
    );
    const { failures } = await rig.engine.check(LOOM, inputsOf("hub/loom/agent", { "credentials:a": loom }));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.reason).toMatch(/^a: config:two and config:one have the same value: /);
    const declared = { ...loom, sharedBecause: "one seat" } as HostItem;
    expect(
      (await rig.engine.check(LOOM, inputsOf("hub/loom/agent", { "credentials:a": declared }))).failures,
    ).toEqual([]);
  });

  it("causes the engine to configure the provider again if the secret was rotated", async () => {
    const changes = async (olds: Json, news: Json) => (await rig.engine.diffConfig(olds, news)).getChanges();
    expect(await changes({ key: marked("one") }, { key: marked("one") })).toBe(1);
    expect(await changes({ key: marked("one") }, { key: marked("two") })).toBe(2);
  });
});
