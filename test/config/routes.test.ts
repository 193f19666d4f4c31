import { expect, test } from "vitest";
import { broken, check, lines, useFolder } from "./support/folder.ts";

const folder = useFolder();

/** Checks the small fleet with one route. The keys of the route are written in the syntax of a flow map. */
function withRoute(keys: string, more = "") {
  return check(folder, broken("tenants:\n", `routes: {github.push: {${keys}}}\n${more}tenants:\n`));
}

const problemsOf = (keys: string) => lines(withRoute(keys).problems).map((line) => line.replace(/^\S+ /, ""));
const WHO = "agents: [loom], to: loom";
const GOOD = `${WHO}, patterns: [git push, gh pr], match: [run git push], noMatch: [what github says]`;

test("a route has its capability, the agents with this capability, the agent that gets the tasks, and its patterns", () => {
  expect(withRoute(GOOD).fleet?.routes).toEqual({
    "github.push": {
      ...{ capability: "github.push", agents: ["loom"], to: "loom", patterns: ["git push", "gh pr"] },
      ...{ match: ["run git push"], noMatch: ["what github says"] },
    },
  });
});

test("an example is an error if it is in `match` and no pattern matches it, or if it is in `noMatch` and a pattern matches it", () => {
  expect(problemsOf(`${WHO}, patterns: [git push], match: [open a pr]`)).toEqual([
    'routes["github.push"].match[0]: no pattern matches this example',
  ]);
  expect(
    problemsOf(`${WHO}, patterns: [git push, github], match: [git push], noMatch: [what github says]`),
  ).toEqual(['routes["github.push"].noMatch[0]: the pattern "github" matches this example']);
});

test("an unknown agent, a receiver without the capability and an invalid pattern are errors", () => {
  const rest = "patterns: [git push], match: [git push]";
  expect(problemsOf(`agents: [lom], to: lom, ${rest}`)).toEqual([
    'routes["github.push"].agents[0]: no agent is named "lom"; did you mean "loom"?',
    'routes["github.push"].to: no agent is named "lom"; did you mean "loom"?',
  ]);
  expect(problemsOf(`agents: [loom], to: iris, ${rest}`)).toEqual([
    'routes["github.push"].to: "iris" is not in `agents`, so it is not allowed to do these tasks either',
  ]);
  expect(problemsOf(`${WHO}, patterns: ["git * push", "+"], match: [git push]`)).toEqual([
    'routes["github.push"].patterns[0]: has a `*` that is not at the end of a phrase',
    'routes["github.push"].patterns[1]: has a phrase without a word',
  ]);
});

test("the time span for recurring findings is a week by default, and can be declared in days", () => {
  expect(withRoute(GOOD).fleet?.recurrence).toEqual({ within: 604_800, onRecurrence: "warn" });
  const declared = withRoute(GOOD, "recurrence: {within: 2d, onRecurrence: block}\n");
  expect(declared.fleet?.recurrence).toEqual({ within: 172_800, onRecurrence: "block" });
  const wrong = withRoute(GOOD, "recurrence: {within: 2w, onRecurrence: stop}\n");
  expect(lines(wrong.problems)).toHaveLength(2);
});
