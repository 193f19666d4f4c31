import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initFailed } from "../doubles/engine.ts";
import { AGENT, failureOf, ID, inputsOf, itemsOf, makeRig, type Rig, SOUL } from "./rig.ts";

const error = { what: `${ID}: jobs: retro (timer a.timer)`, why: "systemd does not answer", next: "Wait." };
const want = { enabled: "enabled", active: "running", overrides: "none" } as const;
const retro = { kind: "timer", name: "a.timer", service: "a.service", schedule: "daily", want } as const;
const inputs = inputsOf(ID, { "SOUL.md": SOUL, "jobs:retro": retro });

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
  rig.hosts.hub.failures = [{ part: "jobs", error }];
});
afterEach(() => rig.stop());

describe("a failed part of an agent", () => {
  it("is reported once with the reason, and the state contains each part as it was observed", async () => {
    const failure = initFailed(await failureOf(rig.engine.create(AGENT, inputs)));
    expect(failure).toMatchObject({
      id: ID,
      reasons: [`hub: ${ID}: jobs: retro (timer a.timer): systemd does not answer. Wait.`],
    });
    expect(failure?.state["identity"]).toEqual(inputs["identity"]);
    expect(itemsOf(failure?.state ?? {}, "jobs")["retro"]).toMatchObject({ enabled: "absent" });
  });

  it("suppresses reports about the parts that depend on it", async () => {
    rig.hosts.hub.failures = [{ part: "identity", error }];
    expect(initFailed(await failureOf(rig.engine.create(AGENT, inputs)))?.reasons).toHaveLength(1);
  });

  it("is reported by later reads with the same reason until it succeeds", async () => {
    const state = initFailed(await failureOf(rig.engine.create(AGENT, inputs)))?.state ?? {};
    expect(initFailed(await failureOf(rig.engine.read(AGENT, ID, { inputs, state })))?.reasons).toEqual([
      "the last run could not apply the agent's jobs; `npx pulumi up` finishes the work. " +
        `The error was: hub: ${ID}: jobs: retro (timer a.timer): systemd does not answer. Wait.`,
    ]);
    rig.hosts.hub.failures = [];
    await rig.engine.update(AGENT, state, inputs);
    expect((await rig.engine.read(AGENT, ID, { inputs, state: inputs })).state).toEqual(inputs);
  });
});
