import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeProject, must, type Project } from "./support/project.ts";

const agent = { host: "hub", tenant: "arc", onChange: "now" };

/**
 * iris runs a command. The canary is declared as pi, but its program `pi` runs another program, as in the seed fleet.
 */
const FILES = {
  "fleet.yaml": stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "flags" },
    hosts: { hub: { kind: "local" } },
    tenants: { arc: {} },
    identities: {
      iris: { soul: "SOUL.md" },
      canary: { soul: "SOUL.md", files: { "bin/pi": { from: "pi.sh", mode: "0755" } } },
    },
    contacts: { iris: { display_name: "iris" }, canary: { display_name: "canary" } },
    agents: {
      iris: { ...agent, command: ["/bin/sh", "-c", "exec sleep 1000000"] },
      canary: { ...agent, runtime: "pi", env: { PATH: "/home/canary/bin:/usr/bin:/bin" } },
    },
  }),
  "SOUL.md": "# Soul\n",
  "pi.sh": "#!/bin/sh\nexec sleep 1000000\n",
};

const UP = ["up", "--yes", "--skip-preview"];

let project: Project;

beforeAll(async () => {
  project = await makeProject(FILES);
  await must(project.pulumi(UP));
});

afterAll(() => project?.dispose());

const hub = (command: string) => project.onHost("hub", command);

const isActive = (name: string) => hub(`systemctl is-active muster-agent-${name} || true`);

async function ps(): Promise<{
  codes: number[];
  agents: Record<string, { state: string; flags: string[] }>;
}> {
  const { stdout } = await project.fleet(["ps", "--json"]);
  const { codes, agents } = JSON.parse(stdout) as {
    codes: number[];
    agents: { agent: string; state: string; flags: string[]; memory?: number }[];
  };
  return { codes, agents: Object.fromEntries(agents.map((one) => [one.agent, one])) };
}

describe("fleet ps", () => {
  test("flags a canary that runs another program and does not start at boot, and a stopped agent", async () => {
    await hub("systemctl disable -q muster-agent-canary");
    await must(project.fleet(["stop", "iris"]));
    const { codes, agents } = await ps();
    expect(agents["canary"]).toMatchObject({ state: "running", flags: ["DRIFT", "BOOT-ENABLE"] });
    expect(agents["iris"]).toMatchObject({ state: "stopped", flags: ["DEAD"] });
    expect(codes).toEqual([5, 7]);
    const { stdout, exitCode } = await project.fleet(["ps"]);
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/^canary +hub +running .* pi .* DRIFT BOOT-ENABLE$/m);
    expect(stdout).toContain("its pane runs sleep, which is not a process of pi");
    await must(project.fleet(["start", "iris"]));
  });

  test("flags an agent with a dead pane at once, even if its tmux keeps running", async () => {
    // An agent that has just started can have an empty pane. Without muster-run and the deadman, nothing ends this tmux.
    await hub(`sleep 6; systemctl stop muster-hostd
      tmux="runuser -u iris -- tmux -S /run/muster-iris/tmux"
      $tmux set-option -g remain-on-exit on
      kill -KILL $($tmux display-message -p '#{pane_pid}'); pkill -KILL -u iris -x sleep || true`);
    expect((await ps()).agents["iris"]?.flags).toEqual(["DEAD"]);
    await hub("systemctl start muster-hostd");
    const flags = async () => (await ps()).agents["iris"]?.flags;
    await expect.poll(flags, { timeout: 60_000, interval: 1000 }).toEqual([]);
  });

  test("shows programs that run as an agent's user without a declaration", async () => {
    await hub("systemd-run -q --uid=iris --unit=stray sleep 1000000");
    expect((await ps()).agents["iris"]?.flags).toEqual(["UNMANAGED"]);
    await hub("systemctl stop stray");
  });
});

describe("a paused agent", () => {
  test("remains stopped after `up` and a start by hand, is not drift, and runs again after `fleet resume`", async () => {
    await must(project.pulumi(UP));
    expect((await must(project.fleet(["pause", "iris"]))).stdout).toContain("until `npx fleet resume`");
    expect((await must(project.pulumi(UP))).all).toMatch(/iris was paused by .*`npx fleet resume iris`/);
    await hub("systemctl start muster-agent-iris; sleep 0.5");
    expect(await isActive("iris")).toBe("inactive");
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    expect((await ps()).agents["iris"]).toMatchObject({ state: "paused", flags: [] });
    expect((await must(project.fleet(["start", "iris"]), 1)).all).toContain("it was paused by");
    await must(project.fleet(["resume", "iris"]));
    expect(await isActive("iris")).toBe("active");
    const { stdout } = await must(project.fleet(["history", "iris"]));
    expect(stdout).toMatch(/paused +.*by [\s\S]*resumed +.*by /);
  });

  test("is paused by the deadman when it is idle", async () => {
    const { stdout } = await must(project.fleet(["pause", "--when-idle", "iris"]));
    expect(stdout).toContain("is paused when it is idle");
    await expect.poll(() => isActive("iris"), { timeout: 60_000, interval: 1000 }).toBe("inactive");
    await must(project.fleet(["resume", "iris"]));
  });
});

test("`fleet restart` restarts several agents with one command", async () => {
  const runs = () => hub("systemctl show -P InvocationID muster-agent-iris muster-agent-canary");
  const before = (await runs()).split(/\s+/);
  const { stdout } = await must(project.fleet(["restart", "iris", "canary"]));
  expect(stdout).toMatch(
    /iris has restarted\n?.*canary has restarted|canary has restarted\n?.*iris has restarted/s,
  );
  const after = (await runs()).split(/\s+/);
  expect(after.filter((run) => before.includes(run))).toEqual([]);
});
