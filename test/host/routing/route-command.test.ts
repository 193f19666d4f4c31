import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runRoute } from "../../../src/host/routing/route-command.ts";

const ROUTES = {
  users: { iris: "iris", arc: "arc" },
  routes: [{ capability: "github.push", agents: ["arc"], to: "arc", patterns: ["git push"] }],
};

/** Runs `muster route` as a user. @param text the content of the file with the routes; absent for no file */
function route(words: readonly string[], user = "iris", text: string | undefined = JSON.stringify(ROUTES)) {
  const dir = mkdtempSync(join(tmpdir(), "muster-route-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "routes.json");
  if (text !== "") writeFileSync(file, text);
  const printed = { out: "", err: "" };
  const code = runRoute(words, {
    ...{ user: () => user, home: () => dir, become: () => {}, stdin: () => "please git push", file },
    out: (line) => {
      printed.out += line;
    },
    err: (line) => {
      printed.err += line;
    },
  });
  return { code, ...printed };
}

test("the gate refuses a task that belongs to another agent, with exit code 3 and one line of JSON", () => {
  const { code, out } = route(["git", "push", "origin"]);
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({
    agent: "iris",
    allowed: false,
    to: "arc",
    capability: "github.push",
  });
  expect(route([]).code).toBe(3);
});

test("the gate accepts a task that the agent is allowed to do, with exit code 0", () => {
  expect(route(["write a poem"])).toMatchObject({ code: 0, out: '{"agent":"iris","allowed":true}\n' });
  expect(route(["git push"], "arc").code).toBe(0);
  expect(route(["--agent", "arc", "git push"], "root").code).toBe(0);
});

test("the gate accepts no task if the agent is unknown or the routes cannot be read", () => {
  expect(route(["write a poem"], "stranger")).toMatchObject({
    code: 1,
    err: expect.stringContaining("--agent"),
  });
  expect(route(["write a poem"], "iris", "")).toMatchObject({
    code: 1,
    err: expect.stringContaining("routes.json"),
  });
  expect(route(["write a poem"], "iris", '{"rou')).toMatchObject({ code: 1, out: "" });
  expect(route(["--agnet", "iris", "x"])).toMatchObject({ code: 2, out: "" });
});
