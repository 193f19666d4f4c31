import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { cloud, type TestCloud } from "./support/cloud.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const LAYOUT = { hosts: ["hub", "web"], agents: { hub: ["iris"], web: ["loom"] } };
const UP = ["up", "--yes", "--skip-preview"];
const CLEAN = ["preview", "--expect-no-changes"];

let sky: TestCloud;
let keys: string;
let project: Project;

beforeAll(async () => {
  sky = await cloud();
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", join(keys, "deploy")]);
  const files = { ...localFleet(LAYOUT), "fleet.yaml": fleetWith({}) };
  project = await makeProject(files, secretsFor(LAYOUT), sky.env);
});

afterAll(async () => {
  await project?.dispose();
  await sky?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("the first preview tells what it would cost and that no address is known yet, and makes nothing", async () => {
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toMatch(/Costs a month: \$0\.00 before, \$\d+\.\d\d after \(hub \$0\.00 → /);
  expect(preview.all).toMatch(/hub gets its address from DigitalOcean during `up`/);
  expect(sky.admin.counts()).toMatchObject({ dropletsMade: 0 });
});

test("up makes the droplets, meets them and does their setup once; then nothing differs", async () => {
  await must(project.pulumi(UP));
  expect(sky.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 2 });
  expect(sky.admin.firewalls().map(({ inbound_rules }) => inbound_rules)).toEqual(
    expect.arrayContaining([
      [expect.objectContaining({ ports: "22" })],
      [expect.objectContaining({ ports: "22" }), expect.objectContaining({ ports: "443" })],
    ]),
  );
  expect(hostOf("hub").address).toBe(sky.admin.reservedIps()[0]?.ip);
  expect(await onHub("cat /root/setup")).toBe("once");
  await must(project.fleet(["drift"]));
  const again = await must(project.pulumi(CLEAN));
  expect(again.all).not.toContain("Costs a month");
  expect((await must(project.fleet(["ps"]))).stdout).toMatch(/iris.*running.*loom.*running/s);
});

test("a port that somebody opened in the console is drift, and mended", async () => {
  const id = sky.admin.firewalls().find(({ inbound_rules }) => inbound_rules.length === 1)?.id ?? "";
  sky.admin.openFirewall(id, { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
  expect((await must(project.pulumi([...CLEAN, "--diff"]), 7)).all).toContain("8080");
  await must(project.pulumi(UP));
  expect(JSON.stringify(sky.admin.firewalls())).not.toContain("8080");
});

test("a droplet whose address changed is met there, with the key that it had", async () => {
  const { machine, address, hostKeys } = hostOf("web");
  await sky.admin.changeAddress(Number(machine));
  await must(project.pulumi(UP));
  expect(hostOf("web")).toMatchObject({ machine, hostKeys });
  expect(hostOf("web").address).not.toBe(address);
  await must(project.fleet(["drift"]));
});

describe("a droplet that was deleted in the console", () => {
  test("is told by name and not made again by itself; the others are converged", async () => {
    await sky.admin.deleteDroplet(Number(hostOf("web").machine));
    await onHub("echo I am Arc > /home/iris/SOUL.md");
    const said = await must(project.pulumi(UP), 1);
    expect(said.all).toMatch(/web: droplet \d+ is gone: somebody deleted it at DigitalOcean/);
    expect(sky.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 1 });
    expect(await onHub("cat /home/iris/SOUL.md")).toContain("I am iris");
  });

  test("is made again when it is asked for, with all that belongs on it", async () => {
    project.write("fleet.yaml", fleetWith({ web: { replace: "2026-11-27 deleted by hand" } }));
    await must(project.pulumi(UP));
    expect(sky.admin.counts()).toMatchObject({ dropletsMade: 3, dropletsNow: 2 });
    await must(project.fleet(["drift"]));
    await must(project.pulumi(CLEAN));
  });
});

test("a droplet is replaced when it is asked for by name: what is lost is told, volume and address move", async () => {
  const replaced = { web: { replace: "2026-11-27 deleted by hand" }, hub: { replace: "another image" } };
  project.write("fleet.yaml", fleetWith(replaced));
  const before = hostOf("hub");
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toMatch(
    new RegExp(
      `hub: \`up\` makes a new droplet and then deletes droplet ${before.machine} .*: iris, with home`,
    ),
  );
  await must(project.pulumi(UP));
  const after = hostOf("hub");
  expect(after.machine).not.toBe(before.machine);
  expect(after.address).toBe(before.address);
  expect(sky.admin.droplets().map(({ id }) => `${id}`)).toContain(after.machine);
  expect(sky.admin.volumes()[0]?.droplet_ids).toEqual([Number(after.machine)]);
  await must(project.fleet(["drift"]));
  await must(project.pulumi(CLEAN));
});

test("destroy is refused while they are protected, and leaves nothing once they are not", async () => {
  const refused = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]), 1);
  expect(refused.all).toContain("nothing is destroyed: protected are hub, web. Write `protect: false` there");
  expect(sky.admin.counts()).toMatchObject({ dropletsNow: 2 });
  const free = { protect: false };
  const same = {
    web: { ...free, replace: "2026-11-27 deleted by hand" },
    hub: { ...free, replace: "another image" },
  };
  project.write("fleet.yaml", fleetWith(same));
  await must(project.pulumi(UP));
  const destroyed = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  expect(destroyed.all).toMatch(/hub: `destroy` deletes its droplet \d+ .*: iris, with home and data/);
  const { admin } = sky;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.volumes(), admin.reservedIps()]).toEqual([
    ...[[], [], [], [], []],
  ]);
  expect(admin.counts()).toMatchObject({ dropletsMade: 4, dropletsNow: 0 });
});

interface Entry {
  readonly address: string;
  readonly machine: string;
  readonly hostKeys: readonly string[];
}

function hostOf(name: string): Entry {
  const { hosts } = parse(project.read("stacks/inventory.droplets.yaml")) as { hosts: Record<string, Entry> };
  const host = hosts[name];
  if (host === undefined) throw new Error(`${name} is not in the inventory`);
  return host;
}

async function onHub(script: string): Promise<string> {
  return (await must(project.fleet(["ssh", "hub", "--", script]))).stdout.trim();
}

/** @param changes by host */
function fleetWith(changes: Readonly<Record<string, object>>): string {
  const fleet = parse(localFleet(LAYOUT)["fleet.yaml"] ?? "") as Record<string, unknown>;
  const hub = {
    kind: "droplet",
    reservedIp: true,
    volumes: { data: { size: 10 } },
    open: [{ port: 443 }],
    setup: { note: { run: "for one in once; do\n\techo $one >> /root/setup\ndone\n" } },
  };
  const sshFrom = ["0.0.0.0/0"];
  const deploy = readFileSync(join(keys, "deploy.pub"), "utf8").trim();
  return stringify({
    ...fleet,
    cloud: { keys: { deploy }, sshFrom, region: "nyc3", project: "arc", identityFile: join(keys, "deploy") },
    hosts: { hub: { ...hub, ...changes["hub"] }, web: { kind: "droplet", ...changes["web"] } },
  });
}
