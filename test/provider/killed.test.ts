import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initFailed } from "../doubles/engine.ts";
import { AGENT, failureOf, ID, iris, makeRig, type Rig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
  await rig.engine.create(AGENT, iris);
});
afterEach(() => rig.stop());

const read = () => rig.engine.read(AGENT, ID, { inputs: iris, state: iris });

describe("a resource in a killed run", () => {
  it("is reported as unfinished if the run was changing it, so that the engine always updates it", async () => {
    const { applied = {}, ...record } = rig.hosts.hub.records.get(ID) ?? expect.fail();
    rig.hosts.hub.records.set(ID, { ...record, intended: applied });
    expect(initFailed(await failureOf(read()))).toMatchObject({
      id: ID,
      inputs: iris,
      state: iris,
      reasons: ["hub: a run was killed while it changed this resource; `npx pulumi up` finishes the work"],
    });
  });

  it("is not reported as killed if the run ended with an error by itself, and the error is repeated", async () => {
    const { applied = {}, ...record } = rig.hosts.hub.records.get(ID) ?? expect.fail();
    const error = { what: "package tmux was not installed", why: "apt-get failed" };
    rig.hosts.hub.records.set(ID, { ...record, intended: applied, error });
    expect(initFailed(await failureOf(read()))?.reasons).toEqual([
      "the last run could not apply this resource; `npx pulumi up` finishes the work. " +
        "The error was: hub: package tmux was not installed: apt-get failed",
    ]);
  });

  it("still exists, as long as its record exists, if the run was removing the resource", async () => {
    const { applied: _, ...record } = rig.hosts.hub.records.get(ID) ?? expect.fail();
    rig.hosts.hub.things.clear();
    rig.hosts.hub.records.set(ID, record);
    expect((await read()).id).toBe(ID);
  });
});
