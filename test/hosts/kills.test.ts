import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { hostPaths } from "../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../src/host-kinds/local/nspawn/local-host-state.ts";
import type { ConvergeRequest } from "../../src/model/protocol.ts";
import { localFleet } from "./support/fleets.ts";
import { everythingOf, everythingOn } from "./support/full-snapshot.ts";
import { killPlan, type Phase, type Point } from "./support/kill-plan.ts";
import { type KillTarget, killedRun } from "./support/killed-run.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { LONG, SEED } from "./support/random.ts";

const LAYOUT = { hosts: ["box"], agents: { box: ["iris", "loom"] } };
const UP = ["up", "--yes"];
const DESTROY = ["destroy", "--yes"];

/** The number of kills on an existing host. Local hosts have fewer kills, because each kill needs a new host. */
const POINTS = Number(process.env["MUSTER_KILLS"] ?? (LONG ? 192 : 8));
const LOCAL_POINTS = LONG ? 8 : 2;

type Version = "one" | "two";

/** The results of undisturbed runs, and the number of steps in each kind of run. */
const undisturbed = {
  hosts: new Map<Version | "nothing", string[]>(),
  states: new Map<Version | "nothing", unknown>(),
  steps: new Map<Phase, number>(),
};

/** The project that boots the machine. The other project uses this machine as an existing server. */
let machine: Project;
let project: Project;
let cgroup: string;
let version: Version = "one";

beforeAll(async () => {
  console.log(`kills: MUSTER_SEED=${SEED} MUSTER_KILLS=${POINTS}`);
  machine = await makeProject(localFleet({ hosts: ["box"], agents: {} }));
  const box = "urn:pulumi:test::muster::muster:index:LocalHost::box";
  await must(machine.pulumi([...UP, "--skip-preview", "--target", box]));
  cgroup = cgroupOf(machine);
  project = await makeProject(filesOf("one", sshHost()));
  // The other project needs a server without Muster, so remove the Node that local hosts share.
  await machine.onHost("box", "rm -r /usr/local/lib/muster");
  const pristine = await everythingOn(machine, "box");
  await undisturbedRun("a first up", UP);
  await note("one");
  declare(project, "two");
  await undisturbedRun("an update", UP);
  await note("two");
  await changeByHand();
  await undisturbedRun("a repair", UP);
  expect(await everythingOn(machine, "box")).toEqual(undisturbed.hosts.get("two"));
  await undisturbedRun("a destroy", DESTROY);
  await note("nothing");
  await clearAside();
  expect(await everythingOn(machine, "box")).toEqual(pristine);
  declare(project, "one");
});

afterAll(async () => {
  await project?.dispose();
  await machine?.dispose();
});

describe("a run that is repeated after it was killed has the same result as an undisturbed run", () => {
  test.each(killPlan(POINTS))(
    "if the $victim process is killed in $phase, $delay ms after $progress of the steps",
    async (point) => {
      await prepare(point.phase);
      const args = point.phase === "a destroy" ? DESTROY : UP;
      const { wasKilled } = await killedRun(project, args, killTargetOf(point, cgroup));
      const wasLocked = locks().length > 0;
      const again = await must(project.pulumi(args));
      expect(/removed the lock of stack test .* took at .*: that run was killed/.test(again.stderr)).toBe(
        wasLocked,
      );
      if (!wasKilled) console.log("the run ended before its victim was met");
      if (point.phase === "a first up") await learn(machine);
      await expectUndisturbed(point.phase === "a destroy" ? "nothing" : version);
    },
  );
});

describe("a run on a new local host that is repeated after it was killed has the same result as an undisturbed run", () => {
  test.each(localPlan())(
    "if the $victim process is killed in $phase, $delay ms after $progress of the steps",
    async (point) => {
      const local = await makeProject(filesOf("one", { kind: "local" }));
      const own = cgroupOf(local);
      try {
        if (point.phase === "a destroy") await must(local.pulumi(UP));
        await killedRun(local, point.phase === "a destroy" ? DESTROY : UP, killTargetOf(point, own));
        if (point.phase === "a first up") {
          await must(local.pulumi(UP));
          await learn(local);
          expect(await everythingOn(local, "box")).toEqual(undisturbed.hosts.get("one"));
        }
        await must(local.pulumi(DESTROY));
        expect(existsSync(join(localDir(), "hosts", own))).toBe(false);
        // A killed process remains visible until its parent has reaped it.
        await vi.waitFor(() => expect(processesIn(own)).toEqual([]), { timeout: 20_000 });
        expect(local.read("stacks/inventory.local.yaml")).toContain("hosts: {}");
      } finally {
        await local.dispose();
      }
    },
  );
});

describe("a host with a disconnected client", () => {
  test("finishes the current request, and does not start any waiting request", async () => {
    // The last kill can have been in a destroy, which moves the data of the agents aside.
    await clearAside();
    await must(project.pulumi(UP));
    const requests = [1, 2, 3].map((seq) =>
      JSON.stringify({ seq, request: requestFor(`/root/asked-${seq}`) }),
    );
    const lines = requests.map((line) => `'${line}'`).join(" ");
    const made = await machine.onHost(
      "box",
      `cd /run/muster.lock.d; locks=$(ls)
       { printf '%s\\n' ${lines}; sleep 1; } | /usr/local/lib/muster/run serve | head -c 1 >/dev/null
       ls -d /root/asked-*; rm -r /root/asked-* /var/lib/muster/records/other~test
       ls | grep -vxF "$locks" | xargs rm`,
    );
    expect(made).toBe("/root/asked-1");
  });
});

describe("two simultaneous runs of `pulumi up`", () => {
  test("do the work only once, because the second run finds the lock of the first run and stops", async () => {
    await learn(machine);
    toggle();
    const first = project.pulumi(UP);
    await vi.waitFor(() => expect(locks()).toHaveLength(1), { timeout: 20_000, interval: 20 });
    const second = await must(project.pulumi(UP), 1);
    expect(second.all).toMatch(
      /stack test is locked: \S+@\S+ \(process \d+\) has been working on it since \d{4}-\d\d-\d\d/,
    );
    await must(first);
    await must(project.pulumi(UP));
    await expectUndisturbed(version);
  });
});

function requestFor(path: string): ConvergeRequest {
  const want = { type: "directory", owner: "root", group: "root", mode: "0700" } as const;
  const items = { folder: { kind: "directory", path, want } } as const;
  // All requests are for one resource, because a host handles simultaneous requests for several resources as one batch.
  return { op: "converge", id: "asked", type: "Host", owner: "other/test", items, contents: {}, secrets: {} };
}

async function undisturbedRun(phase: Phase, args: readonly string[]): Promise<void> {
  const { done } = await killedRun(project, args);
  undisturbed.steps.set(phase, done);
  if (phase === "a first up") await learn(machine);
}

async function note(what: Version | "nothing"): Promise<void> {
  undisturbed.hosts.set(what, await everythingOn(machine, "box"));
  undisturbed.states.set(what, everythingOf(project));
}

async function expectUndisturbed(what: Version | "nothing"): Promise<void> {
  if (what !== "nothing") await must(project.fleet(["drift"]));
  expect(await everythingOn(machine, "box")).toEqual(undisturbed.hosts.get(what));
  expect(everythingOf(project)).toEqual(undisturbed.states.get(what));
}

function killTargetOf({ victim, phase, progress, delay }: Point, cgroup: string): KillTarget {
  const steps = undisturbed.steps.get(phase) ?? 0;
  return { victim, after: Math.round(progress * steps), delay, cgroup };
}

/** Returns the kills on local hosts. Only the first `up` and the destroy are different from those on other hosts. */
function localPlan(): Point[] {
  return killPlan(LOCAL_POINTS).map((point, i) => ({
    ...point,
    phase: i % 2 === 0 ? "a first up" : "a destroy",
    victim: i % 4 < 2 ? "provider" : "engine",
  }));
}

async function prepare(phase: Phase): Promise<void> {
  if (phase === "a first up") await clearAside();
  if (phase === "an update") toggle();
  if (phase === "a repair") await changeByHand();
}

function toggle(): void {
  version = version === "one" ? "two" : "one";
  declare(project, version);
}

function declare(where: Project, to: Version): void {
  for (const [path, text] of Object.entries(filesOf(to, sshHost()))) where.write(path, text);
}

/** Makes changes that a person could make to a host between two runs. */
async function changeByHand(): Promise<void> {
  await machine.onHost(
    "box",
    `echo nobody > /home/iris/SOUL.md; chmod 0777 /home/loom; rm /home/loom/agent.sh
     sqlite3 /home/loom/contacts.db "DELETE FROM contacts WHERE name = 'iris'"
     echo changed > /var/lib/muster/credentials/loom/loom-key
     systemctl disable --now -q muster-agent-iris.service`,
  );
}

/** Adds data that belongs to an agent. No run is allowed to lose or duplicate the data. */
async function learn(where: Project): Promise<void> {
  await where.onHost(
    "box",
    `cd /home/iris && echo learned > notes.txt && chown iris: notes.txt
     sqlite3 contacts.db "INSERT OR IGNORE INTO contacts (name) VALUES ('met')"`,
  );
}

/** Removes all data that earlier runs have moved aside. */
async function clearAside(): Promise<void> {
  await machine.onHost("box", "rm -rf /var/lib/muster-aside");
}

function filesOf(to: Version, box: object): Record<string, string> {
  const files = localFleet(LAYOUT);
  const fleet = parse(files["fleet.yaml"] ?? "") as Record<string, Record<string, Record<string, unknown>>>;
  fleet["hosts"] = { box: box as Record<string, unknown> };
  const secrets: Record<string, string> = {};
  for (const name of LAYOUT.agents.box) {
    fleet["credentials"] ??= {};
    fleet["credentials"][`${name}-key`] = {
      type: "api-key",
      env: "ANTHROPIC_API_KEY",
      from: `file:${name}.key`,
    };
    secrets[`${name}.key`] = `sk-${name}-${to}`;
  }
  if (to === "two") change(fleet);
  const souls = LAYOUT.agents.box.map((name) => [
    `identities/${name}.md`,
    `# ${name} ${to}\n${"More.\n".repeat(500)}`,
  ]);
  return { ...files, ...Object.fromEntries(souls), ...secrets, "fleet.yaml": stringify(fleet) };
}

function change(fleet: Record<string, Record<string, Record<string, unknown>>>): void {
  const [agents, contacts] = [fleet["agents"] ?? {}, fleet["contacts"] ?? {}];
  agents["loom"] = { ...agents["loom"], watchdog: 90 };
  contacts["iris"] = { ...contacts["iris"], email: "iris-two@example.org" };
  contacts["friend"] = { display_name: "friend", type: "human", email: "f@example.org" };
}

function sshHost(): object {
  const inventory = parse(machine.read("stacks/inventory.local.yaml")) as {
    hosts: { box: { address: string } };
  };
  const identityFile = join(machine.dir, ".muster/ssh/id_ed25519");
  return { kind: "ssh", address: inventory.hosts.box.address, user: "root", identityFile };
}

function cgroupOf({ dir }: Project): string {
  return hostPaths(localDir(), realpathSync(dir), "box").id;
}

function processesIn(cgroup: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/cgroup`)) return false;
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(cgroup);
  });
}

function locks(): string[] {
  const dir = join(project.dir, ".state/.pulumi/locks/organization/muster/test");
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".json")) : [];
}
