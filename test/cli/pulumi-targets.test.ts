import { describe, expect, test } from "vitest";
import { targetsOf } from "../../src/cli/pulumi-targets.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

const stack = { stack: "dev", project: "muster" };
const urns = (...names: string[]) => names.map((name) => `urn:pulumi:dev::muster::**muster:index:*::${name}`);

describe("the engine's targets", () => {
  test("are the selected host and everything on that host, under current and former names", () => {
    const hub = {
      kind: "local",
      name: "hub",
      connectTimeout: 10,
      availability: "always",
      formerly: ["box"],
      protect: false,
    } as const;
    const fleet = { ...fleetOf(), hosts: { hub, east: { ...hub, name: "east", formerly: [] } } };
    expect(targetsOf(fleet, { host: "hub" }, stack)).toEqual(urns("hub", "hub/**", "box", "box/**"));
    expect(targetsOf(fleet, {}, stack)).toEqual(urns("hub", "hub/**", "box", "box/**", "east", "east/**"));
  });

  test("are the selected agent's own resources on any host, under current and former names", () => {
    const fleet = fleetOf(agent({ formerly: ["vera"] }), agent({ name: "loom" }));
    expect(targetsOf(fleet, { agent: "iris" }, stack)).toEqual(urns("*/iris/**", "*/vera/**"));
  });
});
