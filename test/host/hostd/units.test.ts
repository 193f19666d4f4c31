import { expect, test } from "vitest";
import { observeUnits } from "../../../src/host/units/observe-units.ts";
import { makeWorld } from "../world.ts";

test("an agent counts as having left its terminal if the main process of its unit is not tmux, but a service does not", () => {
  const block = `ActiveState=active\nSubState=running\nMainPID=${process.pid}\n`;
  const { host } = makeWorld();
  const run = () => ({ status: 0, stdout: `${block}\n${block}`, stderr: "" });
  const units = observeUnits({ ...host, run }, ["muster-agent-iris.service", "gitea.service"]);
  expect([...units.values()].map(({ state, isStray }) => [state, isStray])).toEqual([
    ["up", true],
    ["up", undefined],
  ]);
});
