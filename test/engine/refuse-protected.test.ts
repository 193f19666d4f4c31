import { expect, test } from "vitest";
import { type ExportedResource, removedBy } from "../../src/engine/refuse-protected.ts";

const urn = (type: string, name: string) => `urn:pulumi:test::muster::muster:index:${type}::${name}`;
const [HOST, ACCOUNT, AGENT] = [
  urn("Host", "box/host"),
  urn("Host$muster:index:Account", "box/iris/account"),
  urn("Host$muster:index:Agent", "box/iris/agent"),
];
const OTHER = urn("Agent", "box/loom/agent");
const STATE: readonly ExportedResource[] = [
  { urn: HOST },
  { urn: ACCOUNT, parent: HOST },
  { urn: AGENT, dependencies: [ACCOUNT], deletedWith: HOST },
  { urn: OTHER, dependencies: null },
];

test.each<[string, readonly string[], readonly string[]]>([
  ["the whole stack", ["destroy", "--yes"], [HOST, ACCOUNT, AGENT, OTHER]],
  ["one target", ["destroy", "--target", AGENT], [AGENT]],
  ["targets in a list", ["destroy", `--target=${AGENT},${OTHER}`], [AGENT, OTHER]],
  ["a short flag", ["destroy", `-t${OTHER}`], [OTHER]],
  ["a pattern", ["destroy", "-t", "**::box/iris/*"], [ACCOUNT, AGENT]],
  [
    "a target and everything that depends on it",
    ["destroy", "-t", HOST, "--target-dependents"],
    [HOST, ACCOUNT, AGENT],
  ],
  ["everything that is not excluded", ["destroy", "--exclude", OTHER], [HOST, ACCOUNT, AGENT]],
])("the command `pulumi destroy` removes exactly the selected resources: %s", (_, args, urns) => {
  expect(removedBy(args, STATE).map((one) => one.urn)).toEqual(urns);
});
