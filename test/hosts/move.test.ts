import { realpathSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostPaths } from "../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../src/host-kinds/local/nspawn/local-host-state.ts";
import { readStarts, startsScript } from "./support/host-facts.ts";
import { killedRun } from "./support/killed-run.ts";
import { moveKills } from "./support/plan-move-kills.ts";
import { must } from "./support/project.ts";
import { LONG, SEED } from "./support/random.ts";
import {
  HOME,
  LEARN,
  LEFTOVERS,
  overlaps,
  runTimesOn,
  type Side,
  type TwoHosts,
  twoHosts,
} from "./support/two-hosts.ts";

const POINTS = Number(process.env["MUSTER_KILLS"] ?? (LONG ? 36 : 3));

let hosts: TwoHosts;
let home: string;

const up = (exitCode = 0) => must(hosts.project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);
const preview = (exitCode = 0) => must(hosts.project.pulumi(["preview"]), exitCode);
const starts = async (host: string, ...agents: string[]) =>
  readStarts(await hosts.on(host, startsScript(agents)));
const declareOn = (host: Side) =>
  hosts.edit(({ agents }) => {
    agents["iris"] = { ...agents["iris"], host };
  });
const isUp = (host: Side) => hosts.on(host, "systemctl is-active muster-agent-iris || true");

/** Makes a host reachable or unreachable. An unreachable host is declared with a port that nothing listens on. */
const setReachable = (host: Side, isThere: boolean) =>
  hosts.edit((fleet) => {
    const { port: _, ...entry } = fleet.hosts[host] ?? {};
    fleet.hosts[host] = { ...entry, ...(isThere ? {} : { port: 1 }) };
  });

beforeAll(async () => {
  console.log(`moves: MUSTER_SEED=${SEED} MUSTER_KILLS=${POINTS}`);
  hosts = await twoHosts();
  await up();
  await hosts.on("east", LEARN);
  home = await hosts.on("east", HOME);
});

afterAll(() => hosts?.dispose());

/**
 * Checks that the agent runs on the host `to` with all of its data, that the host `from` has no data of the agent, and
 * that the agent never ran on both hosts simultaneously.
 */
async function expectMoved(from: Side, to: Side): Promise<void> {
  expect(await hosts.on(to, HOME)).toBe(home);
  expect(await isUp(to)).toBe("active");
  expect(await hosts.on(from, LEFTOVERS)).toBe("");
  expect(
    await hosts.on(
      to,
      "ls -d /var/lib/muster/moves /var/lib/muster-aside/*iris* /home/.muster* 2>/dev/null; true",
    ),
  ).toBe("");
  const [east, west] = [await runTimesOn(hosts, "east"), await runTimesOn(hosts, "west")];
  expect([east.length, west.length]).not.toContain(0);
  expect(overlaps(east, west)).toEqual([]);
  expect((await must(hosts.project.fleet(["drift"]))).stdout).toContain("no drift");
}

describe("an agent that gets a new host in fleet.yaml", () => {
  test("is listed as a move by `pulumi preview`, and is not moved yet", async () => {
    const before = await starts("east", "iris");
    declareOn("west");
    const { all } = await preview();
    expect(all).toContain(
      "iris moves from east to west: `up` stops the agent on east, copies its home /home/iris with all its content and " +
        "the learned contacts to west, starts the agent there, and then removes the agent and its home from east.",
    );
    expect(all).not.toMatch(/iris runs on|moves its home .* aside/);
    expect(await starts("east", "iris")).toEqual(before);
    expect(await hosts.on("west", LEFTOVERS)).toBe("");
  });

  test("moves with its home and its contacts, and no other agent restarts", async () => {
    const [others, there] = [await starts("east", "loom"), await starts("west", "forge")];
    await up();
    await expectMoved("east", "west");
    expect(await starts("east", "loom")).toEqual(others);
    expect(await starts("west", "forge")).toEqual(there);
    const { stdout } = await must(hosts.project.fleet(["history", "iris"]));
    expect(stdout).toMatch(/left .*for west[\s\S]*arrived .*from east/);
    await must(hosts.project.pulumi(["preview", "--expect-no-changes"]));
  });

  test("runs on the old host again if the new host cannot unpack the agent's home", async () => {
    declareOn("east");
    await hosts.on("east", "mv /usr/bin/tar /usr/bin/tar.away");
    const before = await starts("west", "iris");
    const { all } = await up(1);
    await hosts.on("east", "mv /usr/bin/tar.away /usr/bin/tar");
    expect(all).toMatch(/its home cannot be unpacked: spawn tar ENOENT/);
    expect(await isUp("west")).toBe("active");
    expect((await starts("west", "iris"))["iris"]).not.toEqual(before["iris"]);
    await up();
    await expectMoved("west", "east");
  });

  test("remains on its old host if fleet.yaml names that host again before the move is complete", async () => {
    declareOn("west");
    await killedRun(hosts.project, ["up", "--yes", "--skip-preview"], {
      victim: "engine",
      after: (traced) => traced.includes('"unpack"'),
      delay: 0,
      cgroup: "",
    });
    declareOn("east");
    await up();
    // The new host cannot know whether its copy of the data is the only copy, so it has moved the data aside.
    await hosts.on("west", "rm -rf /var/lib/muster-aside");
    await expectMoved("west", "east");
  });
});

describe("a move that was interrupted by a kill is completed by the next run", () => {
  test.each(moveKills(SEED, POINTS))(
    "if the $victim process is killed $delay ms after the request `$step`",
    async ({ step, victim, delay, side }) => {
      const from: Side = (await isUp("east")) === "active" ? "east" : "west";
      const to: Side = from === "east" ? "west" : "east";
      declareOn(to);
      const killedHost = side === "old" ? from : to;
      const cgroup = hostPaths(localDir(), realpathSync(hosts.machines.dir), killedHost).id;
      const { wasKilled } = await killedRun(hosts.project, ["up", "--yes", "--skip-preview"], {
        victim,
        after: (traced) => isDone(traced, step, from, to),
        delay,
        cgroup,
      });
      if (!wasKilled) console.log("the run ended before its victim was met");
      expect(
        [await isUp("east"), await isUp("west")].filter((state) => state === "active").length,
      ).toBeLessThan(2);
      await up();
      await expectMoved(from, to);
    },
  );
});

/**
 * Returns whether the request of a step was sent. The step `settle to` is a request to the new host. The step `remove
 * agent from` is a request about the agent to the old host.
 */
function isDone(traced: string, step: string, from: string, to: string): boolean {
  const [op, ...words] = step.split(" ");
  const host = words.at(-1) === "from" ? from : to;
  const of = words.length > 1 ? `/iris/${words[0]}"` : "";
  return traced
    .split("\n")
    .some((line) => line.includes(`"host":"${host}","op":"${op}"`) && line.includes(of));
}

describe("an agent on an unreachable host", () => {
  test("is neither moved nor created again, because its home is on that host", async () => {
    const from: Side = (await isUp("east")) === "active" ? "east" : "west";
    const to: Side = from === "east" ? "west" : "east";
    declareOn(to);
    setReachable(from, false);
    const { all } = await up(1);
    expect(all).toContain(
      `iris cannot move from ${from} to ${to} while ${from} is unreachable, because its home is there`,
    );
    expect(all).toMatch(new RegExp(`its home is on ${from}, which is unreachable`));
    expect(await hosts.on(to, LEFTOVERS)).toBe("");
    setReachable(from, true);
    await up();
    await expectMoved(from, to);
  });

  test("can start with a new home on another host, and is stopped on the old host once that host is reachable", async () => {
    const from: Side = (await isUp("east")) === "active" ? "east" : "west";
    const to: Side = from === "east" ? "west" : "east";
    const forget = ["forget", from, "--agent", "iris", "--yes"];
    expect((await must(hosts.project.fleet(forget), 2)).all).toContain("fleet.yaml still declares it there");
    declareOn(to);
    // A file with setuid is not copied, so it exists only in the old home.
    hosts.edit(({ agents }) => {
      const { rights: _, ...iris } = agents["iris"] ?? {};
      agents["iris"] = iris;
    });
    expect((await must(hosts.project.fleet(forget), 2)).all).toMatch(
      /the host is reachable\. Run `npx pulumi up`, which moves/,
    );
    setReachable(from, false);
    await must(hosts.project.fleet(forget));
    await up(1);
    expect(await isUp(to)).toBe("active");
    setReachable(from, true);
    expect((await must(hosts.project.fleet(["drift"]))).stdout).toContain(`${from}/iris/agent`);
    expect((await preview()).all).toMatch(new RegExp(`${from}: iris is left over.*stops it.*aside`));
    await up();
    expect([await isUp(from), await isUp(to)]).toEqual(["inactive", "active"]);
    expect(await hosts.on(from, "cat /var/lib/muster-aside/iris-*/notes/deep/two")).toBe("two");
    expect((await must(hosts.project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});
