import { expect, test } from "vitest";
import { check, FLEET, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();
const problemsOf = (moved: string) => lines(check(folder, `${FLEET}moved: ${moved}\n`).problems);

test("a rename to a name that nobody has is told, with the nearest that somebody has", () => {
  expect(problemsOf("{agents: {vera: iriss}}")).toEqual([
    'fleet.yaml:20:24 moved.agents.vera: no agent is named "iriss"; did you mean "iris"?',
  ]);
});

test("a former name that is still in use is told: nobody has two names", () => {
  expect(problemsOf("{agents: {iris: loom}}")).toEqual([
    'fleet.yaml:20:24 moved.agents.iris: "iris" is still in `agents`: it cannot have another name as well',
  ]);
});

test("who was renamed twice is told by the name of today", () => {
  expect(problemsOf("{tenants: {lab: den, den: arc}}")).toEqual([
    'fleet.yaml:20:24 moved.tenants.lab: "den" has another name today: write "arc"',
  ]);
  expect(problemsOf("{tenants: {lab: arc, den: arc}}")).toEqual([]);
});
