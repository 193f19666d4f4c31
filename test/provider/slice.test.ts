import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, failureOf, ID, iris, makeRig, type Rig, urnOf } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

describe("a stack with a slice that no longer contains a resource", () => {
  beforeEach(async () => {
    await rig.engine.create(AGENT, iris);
    await rig.engine.configure({ slice: "platform" });
  });

  it("does not remove the resource while it belongs to this stack", async () => {
    const failure = await failureOf(rig.engine.delete(AGENT, ID, iris));
    expect(failure.details).toMatch(
      /not in this stack's slice \(platform\), but still belongs to fleet\/dev/,
    );
    expect(rig.hosts.hub.things.size).toBeGreaterThan(0);
  });

  it("forgets the resource once another stack has taken it over, and names that stack", async () => {
    const record = rig.hosts.hub.records.get(ID);
    if (record !== undefined) rig.hosts.hub.records.set(ID, { ...record, owner: "fleet/north" });
    await rig.engine.delete(AGENT, ID, iris);
    expect(rig.engine.messages.map(({ message }) => message)).toEqual([
      "left on its host: it belongs to fleet/north",
    ]);
    expect(rig.hosts.hub.things.size).toBeGreaterThan(0);
    expect(rig.hosts.hub.requests.map(({ op }) => op)).not.toContain("remove");
  });
});

it("a tenant's stack removes no local host, even if an earlier slice of the stack contained it", async () => {
  await rig.engine.configure({ slice: "tenant:north", key: "stacks/north.key" });
  rig.machines.set("hub", "running");
  const failure = await failureOf(
    rig.engine.delete(urnOf("LocalHost", "hub"), "hub", { host: "hub", running: true }),
  );
  expect(failure.details).toMatch(/hub was not removed/);
  expect(rig.machines.get("hub")).toBe("running");
});
