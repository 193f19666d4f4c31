import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePattern } from "../../src/model/route-pattern.ts";
import { matchingRoutes, routeTask } from "../../src/model/routes.ts";

const GITHUB = {
  ...{ capability: "github.push", agents: ["arc"], to: "arc" },
  patterns: ["git push", "gh pr", "pull request*", "github + credential*"],
};
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const isFound = (text: string) => matchingRoutes([GITHUB], text).length > 0;

describe("the patterns of a route", () => {
  test.each([
    "run `git push origin main`",
    "GIT  PUSH",
    "git-push the branch",
    "git\npush",
    "open a gh pr for this",
    "Two pull requests wait.",
    "ask for the credentials of GitHub",
  ])("find the task %j", (text) => {
    expect(isFound(text)).toBe(true);
  });

  test.each([
    "summarise what github announced today",
    "push the git documentation to the reader",
    "digit pushes",
    "tight prose",
    "store the credential of the bank",
    "",
  ])("do not find the task %j", (text) => {
    expect(isFound(text)).toBe(false);
  });

  test("find their own phrase within any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
        expect(isFound(`${before} git push ${after}`)).toBe(true);
      }),
      { seed },
    );
  });

  test("take no noticeable time for a text of a megabyte that almost matches everywhere", () => {
    const slow = { ...GITHUB, patterns: ["git git git git push", "a a a a b + c"] };
    expect(matchingRoutes([slow], "git a ".repeat(200_000))).toEqual([]);
  });

  test("are refused if a phrase has no word, or has a `*` that is not at its end", () => {
    expect(parsePattern("git push + -")).toHaveProperty("flaw");
    expect(parsePattern("git * push")).toHaveProperty("flaw");
    expect(parsePattern("git push*")).toHaveProperty("phrases");
  });
});

describe("a task", () => {
  test("goes to the declared agent, with the capability and the pattern", () => {
    expect(routeTask([GITHUB], "iris", "git push, please")).toEqual({
      ...{ agent: "iris", allowed: false, capability: "github.push", to: "arc", pattern: "git push" },
    });
  });

  test("is done by the agent itself if the agent has the capability, or if the task needs no capability", () => {
    expect(routeTask([GITHUB], "arc", "git push, please")).toEqual({ agent: "arc", allowed: true });
    expect(routeTask([GITHUB], "iris", "write a poem")).toEqual({ agent: "iris", allowed: true });
    expect(routeTask([], "iris", "git push")).toEqual({ agent: "iris", allowed: true });
  });
});
