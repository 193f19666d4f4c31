import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, failureOf, ID, inputsOf, iris, makeRig, type Rig, urnOf } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

describe("the deletion of a resource", () => {
  it("reports the new path of an agent's own data", async () => {
    await rig.engine.create(AGENT, iris);
    await rig.engine.delete(AGENT, ID, iris);
    expect(rig.engine.messages).toEqual([
      {
        severity: 1,
        message: "hub: agent data was moved aside to /var/lib/muster-aside/home/iris",
        urn: AGENT,
      },
    ]);
    expect(rig.hosts.hub.things.size).toBe(0);
  });

  it("removes the runtime if the resource is a Host", async () => {
    const host = inputsOf("hub", { runtime: { kind: "runtime", want: { bundle: "b", node: "24" } } });
    await rig.engine.delete(urnOf("Host", "hub"), "hub", host);
    expect(rig.hosts.hub.uninstalled).toBe(true);
  });

  it("fails after Ctrl-C, like every other change", async () => {
    await rig.engine.cancel();
    const failure = await failureOf(rig.engine.create(AGENT, iris));
    expect(failure.details).toContain("the run was cancelled");
    expect(rig.hosts.hub.requests).toEqual([]);
  });
});

describe("a local host", () => {
  const LOCAL = urnOf("LocalHost", "hub");
  const wanted = { host: "hub", running: true };
  const recorded = { inputs: wanted, state: wanted };

  it("is booted by an update if it was stopped", async () => {
    expect((await rig.engine.create(LOCAL, wanted)).id).toBe("hub");
    rig.machines.set("hub", "stopped");
    const seen = await rig.engine.read(LOCAL, "hub", recorded);
    expect(await rig.engine.diff(LOCAL, seen.state, wanted)).toEqual({ running: "update" });
    expect((await rig.engine.update(LOCAL, seen.state, wanted)).state).toEqual(wanted);
    expect(rig.machines.get("hub")).toBe("running");
  });

  it("is reported as gone if it no longer exists, and its removal succeeds", async () => {
    expect((await rig.engine.read(LOCAL, "hub", recorded)).id).toBe("");
    await rig.engine.delete(LOCAL, "hub", wanted);
  });
});
