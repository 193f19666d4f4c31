import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UNKNOWN } from "../../src/provider/wire/values.ts";
import { AGENT, failureOf, ID, iris, makeRig, type Rig, urnOf } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

const HOST = urnOf("PulumiHost", "hub");
const given = { host: "hub", address: "192.0.2.7", machine: "i-7", user: "admin", port: 2222 };

describe("a host whose address is an output", () => {
  it("is contacted once the address is known, and is recorded with its login", async () => {
    const { id, state } = await rig.engine.create(HOST, given);
    expect({ id, state }).toEqual({ id: "hub", state: given });
    expect(rig.given.get("hub")).toEqual({
      ...{ address: "192.0.2.7", machine: "i-7", user: "admin", port: 2222 },
      hostKeys: ["ssh-ed25519 AAAA"],
    });
  });

  it("reports in the first preview that its address is not known yet, and contacts no host", async () => {
    await rig.engine.create(HOST, { host: "hub", address: UNKNOWN, machine: UNKNOWN }, true);
    expect(rig.engine.messages.map(({ message }) => message)).toEqual([
      "hub: its address is known after the first `up`, which also pins its host keys",
    ]);
    expect(rig.given.size).toBe(0);
  });

  it("keeps its machine if only its address changes, and previews do not report this change", async () => {
    await rig.engine.create(HOST, given);
    const seen = await rig.engine.read(HOST, "hub", { inputs: given, state: given });
    const moved = { ...given, address: "192.0.2.8" };
    expect(await rig.engine.diff(HOST, seen.state, moved)).toEqual({ address: "update" });
    await rig.engine.update(HOST, seen.state, moved, true);
    expect(rig.engine.messages).toEqual([]);
    await rig.engine.update(HOST, seen.state, moved);
    expect(rig.given.get("hub")?.address).toBe("192.0.2.8");
  });

  it.each([UNKNOWN, "i-8"])(
    "warns before everything is installed on another machine: %s",
    async (machine) => {
      await rig.engine.create(HOST, given);
      const replaced = { ...given, machine, address: UNKNOWN };
      await rig.engine.update(HOST, given, replaced, true);
      expect(rig.engine.messages[0]?.message).toMatch(/^hub: its machine is replaced\. .*new homes/);
      await rig.engine.create(AGENT, { ...iris, machine: "i-7" });
      const agent = await rig.engine.read(AGENT, ID, { inputs: iris, state: { ...iris, machine: "i-7" } });
      expect(await rig.engine.diff(AGENT, agent.state, { ...iris, machine })).toEqual({ machine: "update" });
    },
  );

  it("is contacted again if the inventory does not contain it, or contains other values", async () => {
    expect((await rig.engine.read(HOST, "hub", { inputs: given, state: given })).id).toBe("");
    rig.given.set("hub", { address: "192.0.2.9", machine: "i-7", user: "admin", port: 2222, hostKeys: [] });
    const seen = await rig.engine.read(HOST, "hub", { inputs: given, state: given });
    expect(await rig.engine.diff(HOST, seen.state, given)).toEqual({ address: "update" });
  });

  it("compares host keys only if the program passes them", async () => {
    const keys = ["ssh-ed25519 BBBB"];
    const inputs = { ...given, keys };
    await rig.engine.create(HOST, inputs);
    expect((await rig.engine.read(HOST, "hub", { inputs, state: inputs })).state).toEqual(inputs);
    rig.given.set("hub", {
      address: "192.0.2.7",
      machine: "i-7",
      user: "admin",
      port: 2222,
      hostKeys: ["ssh-ed25519 CCCC"],
    });
    const seen = await rig.engine.read(HOST, "hub", { inputs, state: inputs });
    expect(await rig.engine.diff(HOST, seen.state, inputs)).toEqual({ keys: "update" });
  });

  it("removes its record when it is deleted, and deletes no machine", async () => {
    await rig.engine.create(HOST, given);
    await rig.engine.delete(HOST, "hub", given);
    expect(rig.given.size).toBe(0);
  });

  const refused: [what: string, inputs: Record<string, unknown>, reason: string][] = [
    [
      "an option of ssh as the address",
      { address: "-oProxyCommand=id" },
      "must be a host name or an IP address",
    ],
    ["a port as text", { port: "22" }, "must be a port, 1 to 65535"],
    ["a login with a space", { user: "a b" }, "must be a login name, such as root"],
    ["a host key that is none", { keys: ["abc"] }, "must be a public host key, such as ssh-ed25519 AAAA…"],
    ["no host keys", { keys: [] }, "is empty: remove it, or pass the public host keys"],
  ];
  it.each(refused)("refuses %s", async (_, inputs, reason) => {
    const { failures } = await rig.engine.check(HOST, { ...given, ...inputs } as never);
    expect(failures).toEqual([{ property: Object.keys(inputs)[0], reason }]);
  });

  it("reports the refusal of an address only once if the address is also the default of `machine`", async () => {
    const { failures } = await rig.engine.check(HOST, { ...given, address: "-o", machine: "-o" });
    expect(failures.map(({ property }) => property)).toEqual(["address"]);
  });

  it.each(["address", "machine", "user", "port", "keys"])(
    "fails alone if the resource that provides its %s has failed, and keeps its record",
    async (property) => {
      await rig.engine.create(HOST, given);
      const failed = { ...given, [property]: "" };
      expect((await rig.engine.check(HOST, failed)).failures).toEqual([]);
      const sentence = `hub: its machine cannot be contacted: \`${property}\` is empty: the resource that provides it has failed`;
      await rig.engine.update(HOST, given, failed, true);
      expect(rig.engine.messages[0]?.message).toContain(sentence);
      expect((await failureOf(rig.engine.update(HOST, given, failed))).details).toContain(sentence);
      expect(rig.given.get("hub")?.address).toBe("192.0.2.7");
    },
  );

  it("refuses a secret as the address, and does not print it", async () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: "192.0.2.77",
    };
    const { failures } = await rig.engine.check(HOST, { ...given, address: secret } as never);
    expect(failures[0]?.reason).toMatch(/^is a secret, .*pulumi\.unsecret/);
    expect(JSON.stringify(failures)).not.toContain("192.0.2.77");
  });

  it("is not contacted by `up` while its address is unknown", async () => {
    const failure = await failureOf(rig.engine.create(HOST, { ...given, address: UNKNOWN }));
    expect(failure.details).toContain("hub: its machine cannot be contacted: its address is not known.");
  });
});
