import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { cloud, type TestCloud } from "./support/cloud.ts";
import { exampleOnCloud } from "./support/example-projects.ts";
import { must, type Project } from "./support/project.ts";

/** A project from examples/digitalocean, which declares three droplets and their agents. */
let project: Project;
let fakeCloud: TestCloud;
let keys: string;

const up = (exitCode = 0) => must(project.pulumi(["up", "--yes", "--skip-preview"]), exitCode);
const clean = () => must(project.fleet(["drift"]));

beforeAll(async () => {
  fakeCloud = await cloud();
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  const identityFile = join(keys, "deploy");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", identityFile]);
  const deploy = readFileSync(`${identityFile}.pub`, "utf8").trim();
  const cloudOf = { keys: { deploy }, identityFile, sshFrom: ["0.0.0.0/0"] };
  project = await exampleOnCloud("digitalocean", cloudOf, fakeCloud.env);
});

afterAll(async () => {
  await project?.dispose();
  await fakeCloud?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("`pulumi up` creates three droplets with six agents, and `fleet drift` finds nothing", async () => {
  await up();
  expect(
    fakeCloud.admin
      .droplets()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["allegro", "bezalel", "ezra"]);
  const agents = await agentsNow();
  expect(agents.map(({ agent, host, state }) => `${agent} ${host} ${state}`).sort()).toEqual([
    "allegro allegro running",
    "bezalel bezalel running",
    "code-claw allegro running",
    "ezra ezra running",
    "gemini bezalel running",
    "timmy ezra running",
  ]);
  await clean();
});

test("`pulumi up` repairs drift on a host and in the DigitalOcean console", async () => {
  await on("ezra", "echo I am Arc > /home/ezra/SOUL.md");
  const firewall = fakeCloud.admin.firewalls().find(({ name }) => name.includes("allegro"))?.id ?? "";
  fakeCloud.admin.openFirewall(firewall, { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
  const drift = await must(project.fleet(["drift"]), 7);
  expect(drift.stdout).toMatch(/ezra\s+SOUL\.md\s+content/);
  expect((await must(project.pulumi(["preview", "--diff", "--expect-no-changes"]), 7)).all).toContain("8080");
  await up();
  expect(await on("ezra", "cat /home/ezra/SOUL.md")).not.toContain("I am Arc");
  expect(JSON.stringify(fakeCloud.admin.firewalls())).not.toContain("8080");
  await clean();
});

test("an agent moves between droplets with all of its files, and no other agent restarts", async () => {
  await on("allegro", "echo mine > /home/code-claw/notes; chown code-claw: /home/code-claw/notes");
  const before = (await agentsNow()).filter(({ agent }) => agent !== "code-claw");
  edit((fleet) => {
    fleet.agents["code-claw"] = { ...fleet.agents["code-claw"], host: "bezalel" };
  });
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toMatch(/code-claw moves from allegro to bezalel/);
  await up();
  expect(await on("bezalel", "cat /home/code-claw/notes")).toBe("mine");
  expect(await on("allegro", "ls -d /home/code-claw 2>/dev/null || echo gone")).toBe("gone");
  const after = await agentsNow();
  expect(after.find(({ agent }) => agent === "code-claw")).toMatchObject({
    host: "bezalel",
    state: "running",
  });
  const pids = (agents: Agents) => agents.map(({ agent, pid }) => `${agent} ${pid}`).sort();
  expect(pids(after.filter(({ agent }) => agent !== "code-claw"))).toEqual(pids(before));
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 3, dropletsNow: 3 });
  await clean();
});

test("`pulumi destroy` leaves nothing in the account once the hosts are no longer protected", async () => {
  edit((fleet) => {
    for (const host of Object.values(fleet.hosts)) host["protect"] = false;
  });
  await up();
  await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  const { admin } = fakeCloud;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.volumes(), admin.reservedIps()]).toEqual([
    ...[[], [], [], [], []],
  ]);
});

type Agents = { agent: string; host: string; state: string; pid: number }[];

async function agentsNow(): Promise<Agents> {
  const { stdout } = await must(project.fleet(["ps", "--json"]));
  return (JSON.parse(stdout) as { agents: Agents }).agents;
}

async function on(host: string, script: string): Promise<string> {
  return (await must(project.fleet(["ssh", host, "--", script]))).stdout.trim();
}

interface FleetYaml {
  readonly hosts: Record<string, Record<string, unknown>>;
  readonly agents: Record<string, Record<string, unknown>>;
}

function edit(change: (fleet: FleetYaml) => void): void {
  const fleet = parse(project.read("fleet.yaml")) as FleetYaml;
  change(fleet);
  project.write("fleet.yaml", stringify(fleet));
}
