import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { AGENT_SH } from "./support/fleets.ts";
import { buildFormer, ROOT } from "./support/former-version.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { inStack, makeTenants } from "./support/tenants.ts";

let folder: string;
let former: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "muster-former-"));
  former = await buildFormer(join(folder, "former"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const UP = ["up", "--yes", "--skip-preview"];

const FLEET = {
  apiVersion: "muster/v1",
  kind: "Fleet",
  name: "former",
  hosts: { hub: { kind: "local" }, edge: { kind: "local" } },
  tenants: { arc: {} },
  credentials: { "iris-key": { from: "config:iris-key", type: "api-key", env: "IRIS_KEY" } },
  identities: { iris: identity(), loom: identity(), vera: identity() },
  contacts: Object.fromEntries(["iris", "loom", "vera"].map((name) => [name, { display_name: name }])),
  agents: {
    iris: { ...agent("hub"), credentials: ["iris-key"], protect: true },
    loom: { ...agent("hub"), limits: { memory: "256M" } },
    vera: agent("edge"),
  },
  jobs: { tidy: { agent: "vera", schedule: "*-01-01 03:00", command: ["/bin/true"] } },
};

function identity() {
  return { soul: "SOUL.md", files: { "agent.sh": { from: "agent.sh", mode: "0755" } } };
}

function agent(host: string) {
  return { host, tenant: "arc", command: ["/bin/sh", "agent.sh"], onChange: "never", watchdog: 60 };
}

function makeFormer(): Promise<Project> {
  const files = { "fleet.yaml": stringify(FLEET), "SOUL.md": "# Soul\n", "agent.sh": AGENT_SH };
  return makeProject(files, { "iris-key": "sk-iris-0123456789" }, {}, former);
}

/** Returns the main process ID of each agent's unit, by agent. A different ID shows that the agent has restarted. */
async function processes(project: Project, ...args: string[]): Promise<Record<string, number>> {
  const ps = await must(project.fleet(["ps", "--json", ...args]));
  const { agents } = JSON.parse(ps.stdout) as { agents: { agent: string; pid: number }[] };
  return Object.fromEntries(agents.map(({ agent, pid }) => [agent, pid]));
}

/** Muster's files on a host. Records, the runtime, and the units that an upgrade rewrites are left out. */
function thingsOn(project: Project, host: string): Promise<string> {
  const places = "/home /etc/systemd/system /var/lib/muster/credentials /var/lib/muster/contents";
  const isOther =
    "-not -name muster-hostd.service -not -name 'muster-agent-*.service' -printf '%p %u %g %m %i\\n'";
  return project.onHost(host, `find ${places} -type f ${isOther} | grep -v '/contents/' | sort`);
}

function recordsOn(project: Project, host: string): Promise<string> {
  return project.onHost(host, "ls /var/lib/muster/records/* | grep -v :");
}

describe("a fleet of an earlier version, which had one resource per agent part", () => {
  let project: Project;
  let before: Record<string, number>;

  beforeAll(async () => {
    project = await makeFormer();
    await must(project.pulumi(UP));
    before = await processes(project);
    project.install(ROOT);
  });

  afterAll(() => project?.dispose());

  test("has only one intended change before the upgrade, which is the new host runtime", async () => {
    const drift = await must(project.fleet(["drift", "--json"]));
    const { findings } = JSON.parse(drift.stdout) as { findings: { type: string; cause: string }[] };
    expect([...new Set(findings.map(({ type, cause }) => `${type} ${cause}`))]).toEqual([
      "Host intended",
      "Agent intended",
    ]);
  });

  test("shows one update per agent, and no deletion, in `pulumi preview`", async () => {
    const preview = await must(project.pulumi(["preview"]));
    expect(preview.all).toMatch(/Agent hub\/iris\/agent update \[diff: [^\]]*\bresource/);
    expect(preview.all).toContain("hub: iris becomes one resource; nothing is stopped or removed");
    expect(preview.all).not.toMatch(/delete|restarts when/);
    expect(await recordsOn(project, "hub")).toContain("hub~iris~identity.json");
  });

  test("can be upgraded one agent at a time with `fleet targets`", async () => {
    const targets = await must(project.fleet(["targets", "--agent", "vera"]));
    await must(project.pulumi([...UP, ...targets.stdout.trim().split("\n")]));
    expect(await recordsOn(project, "hub")).toContain("hub~loom~identity.json");
    expect(await recordsOn(project, "edge")).toMatch(/edge~vera~agent.json/);
    expect(await processes(project)).toEqual(before);
  });

  test("is upgraded by one `pulumi up`, which restarts and removes nothing", async () => {
    const files = await thingsOn(project, "hub");
    await must(project.pulumi(UP));
    expect(await processes(project)).toEqual(before);
    expect(await thingsOn(project, "hub")).toBe(files);
    const records = ["hub~host.json", "hub~iris~agent.json", "hub~loom~agent.json", "hub~tenant-arc.json"];
    expect((await recordsOn(project, "hub")).split("\n").sort()).toEqual(records);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
    await must(project.pulumi(["preview", "--expect-no-changes"]));
    const state = await must(project.pulumi(["stack", "export"]));
    expect(state.stdout).not.toMatch(/Identity|ContactBook|AgentUnit|AgentJobs|muster:index:Credential/);
  });
});

describe("a killed upgrade", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeFormer();
    await must(project.pulumi(UP));
    project.install(ROOT);
  });

  afterAll(() => project?.dispose());

  test("is completed by the next run without restarting any agent", async () => {
    const before = await processes(project);
    for (const seconds of [2, 3, 4]) await killedAfter(project, seconds);
    await must(project.pulumi(UP));
    expect(await processes(project)).toEqual(before);
    expect(await recordsOn(project, "hub")).not.toMatch(/identity|contacts|unit/);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

/** Starts an `up` and kills its engine, as a power loss would. The provider finishes its current request on a host. */
async function killedAfter(project: Project, seconds: number): Promise<void> {
  const child = execa(join(project.dir, "node_modules/muster-fleet/bin/pulumi"), UP, {
    cwd: project.dir,
    reject: false,
    env: { MUSTER_OFFLINE: "1", PULUMI_OPTION_COLOR: "never" },
  });
  await sleep(seconds * 1000);
  child.kill("SIGKILL");
  await child;
  await sleep(3000);
}

describe("destroying a fleet of an earlier version", () => {
  test("leaves nothing on the host, even if the new version has never run `pulumi up`", async () => {
    const fleet = { ...FLEET, agents: { ...FLEET.agents, iris: { ...FLEET.agents.iris, protect: false } } };
    const project = await makeFormer();
    try {
      project.write(
        "fleet.yaml",
        stringify({
          ...fleet,
          hosts: { hub: { kind: "local" } },
          agents: { loom: fleet.agents.loom },
          jobs: {},
        }),
      );
      await must(project.pulumi(UP));
      project.install(ROOT);
      const targets = await must(project.fleet(["targets", "--agent", "loom"]));
      await must(project.pulumi(["destroy", "--yes", ...targets.stdout.trim().split("\n")]));
      const left = "ls /etc/systemd/system /home /var/lib/muster/records/* | grep loom || true";
      expect(await project.onHost("hub", left)).toBe("");
    } finally {
      await project.dispose();
    }
  });
});

describe("the tenants' stacks of an earlier version", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeTenants(former);
    project.write("fleet.yaml", project.read("fleet.yaml").replaceAll("onChange: now", "onChange: never"));
    await must(inStack(project, "test", ...UP));
    for (const stack of ["north", "south"]) await must(inStack(project, stack, ...UP));
    project.install(ROOT);
  });

  afterAll(async () => {
    for (const stack of ["north", "south"])
      await inStack(project, stack, "destroy", "--yes", "--skip-preview");
    await project.dispose();
  });

  test("fail and change nothing until the platform's stack is upgraded", async () => {
    const early = await inStack(project, "north", ...UP);
    expect(early.exitCode).not.toBe(0);
    expect(early.all).toContain("run `npx pulumi up` for the platform's stack");
    expect(await recordsOn(project, "one")).toContain("one~iris~identity.json");
  });

  test("are each upgraded by one `pulumi up` after the platform's stack, and no agent restarts", async () => {
    const before = await processes(project);
    await must(inStack(project, "test", ...UP));
    for (const stack of ["north", "south"]) {
      await must(project.fleet(["drift", "--stack", stack]));
      await must(inStack(project, stack, ...UP));
    }
    expect(await processes(project)).toEqual(before);
    expect(await recordsOn(project, "one")).not.toMatch(/identity|contacts|unit/);
    expect((await must(project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});
