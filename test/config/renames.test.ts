import { expect, test } from "vitest";
import { check, FLEET, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();
const problemsOf = (moved: string) => lines(check(folder, `${FLEET}moved: ${moved}\n`).problems);

test("a rename to an unknown name is reported with the most similar known name", () => {
  expect(problemsOf("{agents: {vera: iriss}}")).toEqual([
    'fleet.yaml:20:24 moved.agents.vera: no agent is named "iriss"; did you mean "iris"?',
  ]);
});

test("a former name is reported if fleet.yaml still uses it as a current name", () => {
  expect(problemsOf("{agents: {iris: loom}}")).toEqual([
    'fleet.yaml:20:24 moved.agents.iris: "iris" is still in `agents`: an entry cannot have two names',
  ]);
});

test("if an entry was renamed twice, both renames must lead to the current name", () => {
  expect(problemsOf("{tenants: {lab: den, den: arc}}")).toEqual([
    'fleet.yaml:20:24 moved.tenants.lab: "den" has been renamed too: write its current name "arc"',
  ]);
  expect(problemsOf("{tenants: {lab: arc, den: arc}}")).toEqual([]);
});
