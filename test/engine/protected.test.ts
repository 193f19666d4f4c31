import { expect, test } from "vitest";
import { goingBy, type Kept } from "../../src/engine/protected.ts";

const urn = (type: string, name: string) => `urn:pulumi:test::muster::muster:index:${type}::${name}`;
const [HOST, AGENT, UNIT] = [
  urn("Host", "box/host"),
  urn("Identity", "box/iris/identity"),
  urn("AgentUnit", "box/iris/unit"),
];
const OTHER = urn("Identity", "box/loom/identity");
const STATE: readonly Kept[] = [
  { urn: HOST },
  { urn: AGENT, dependencies: [HOST] },
  { urn: UNIT, dependencies: [AGENT], deletedWith: HOST },
  { urn: OTHER, dependencies: null },
];

test.each<[string, readonly string[], readonly string[]]>([
  ["the whole stack", ["destroy", "--yes"], [HOST, AGENT, UNIT, OTHER]],
  ["one target", ["destroy", "--target", AGENT], [AGENT]],
  ["targets in a list", ["destroy", `--target=${AGENT},${OTHER}`], [AGENT, OTHER]],
  ["a short flag", ["destroy", `-t${OTHER}`], [OTHER]],
  ["a pattern", ["destroy", "-t", "**::box/iris/*"], [AGENT, UNIT]],
  ["what depends on a target too", ["destroy", "-t", HOST, "--target-dependents"], [HOST, AGENT, UNIT]],
  ["all but what is excluded", ["destroy", "--exclude", OTHER], [HOST, AGENT, UNIT]],
])("a destroy removes %s", (_, args, urns) => {
  expect(goingBy(args, STATE).map((one) => one.urn)).toEqual(urns);
});
