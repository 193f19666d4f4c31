import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFleet } from "../../src/config/check-fleet.ts";
import { loadFleet } from "../../src/config/load-fleet.ts";
import { useFolder } from "./support/folder.ts";

const root = join(import.meta.dirname, "../..");
const examples = [
  "fleet.yaml",
  ...readdirSync(join(root, "examples")).map((name) => `examples/${name}/fleet.yaml`),
];

useFolder();

test.each(examples)("the example %s is valid and causes no warnings", (file) => {
  const { problems, warnings } = checkFleet(join(root, file));
  expect([...problems, ...warnings]).toEqual([]);
});

test("the example fleet has five agents, each with its own key, its own soul and 89 contacts", () => {
  const fleet = loadFleet(join(root, "fleet.yaml"));
  const agents = Object.values(fleet.agents);
  expect(agents.map((agent) => agent.name)).toEqual(["arc", "spark", "iris", "loom", "forge"]);
  expect(new Set(agents.flatMap((agent) => agent.credentials)).size).toBe(5);
  expect(new Set(agents.map((agent) => fleet.identities[agent.identity]?.files["SOUL.md"]?.text)).size).toBe(
    5,
  );
  for (const agent of agents) expect(agent.contacts).toHaveLength(89);
});

const agent = { cwd: join(root, "identities/iris"), encoding: "utf8", timeout: 10_000 } as const;
const program = join(root, "agents/agent.sh");

test("the example agent refuses to start if it has no terminal", () => {
  const { status, stderr } = spawnSync("/bin/sh", [program], agent);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "agent: standard input and output must be a terminal: start this program in tmux\n",
  });
});

test("the example agent prints its name and heartbeats in a terminal, and exits cleanly on SIGTERM", () => {
  const ended = `timeout --foreground --preserve-status -s TERM 1 /bin/sh ${program}`;
  const { status, stdout } = spawnSync("script", ["-qefc", ended, "/dev/null"], agent);
  expect(stdout).toMatch(/Iris is awake.*Iris: beat 1.*Iris stops/s);
  expect(status).toBe(0);
});
