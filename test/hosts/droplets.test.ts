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

let fakeCloud: TestCloud;
let keys: string;
let project: Project;

beforeAll(async () => {
  fakeCloud = await cloud();
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", join(keys, "deploy")]);
  const files = { ...localFleet(LAYOUT), "fleet.yaml": fleetWith({}) };
  project = await makeProject(files, secretsFor(LAYOUT), fakeCloud.env);
});

afterAll(async () => {
  await project?.dispose();
  await fakeCloud?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("the first preview shows the cost, says that no address is known yet, and creates nothing", async () => {
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toMatch(/Monthly cost: \$0\.00 before, \$\d+\.\d\d after \(hub \$0\.00 → /);
  expect(preview.all).toMatch(/hub gets its address from DigitalOcean during `up`/);
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 0 });
});

test("up creates the droplets and runs their setup once, and a second run finds no differences", async () => {
  await must(project.pulumi(UP));
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 2 });
  expect(fakeCloud.admin.firewalls().map(({ inbound_rules }) => inbound_rules)).toEqual(
    expect.arrayContaining([
      [expect.objectContaining({ ports: "22" })],
      [expect.objectContaining({ ports: "22" }), expect.objectContaining({ ports: "443" })],
    ]),
  );
  expect(hostOf("hub").address).toBe(fakeCloud.admin.reservedIps()[0]?.ip);
  expect(await onHub("cat /root/setup")).toBe("once");
  await must(project.fleet(["drift"]));
  const again = await must(project.pulumi(CLEAN));
  expect(again.all).not.toContain("Monthly cost");
  expect((await must(project.fleet(["ps"]))).stdout).toMatch(/iris.*running.*loom.*running/s);
});

test("a port opened in the console is drift, and up closes it", async () => {
  const id = fakeCloud.admin.firewalls().find(({ inbound_rules }) => inbound_rules.length === 1)?.id ?? "";
  fakeCloud.admin.openFirewall(id, { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
  expect((await must(project.pulumi([...CLEAN, "--diff"]), 7)).all).toContain("8080");
  await must(project.pulumi(UP));
  expect(JSON.stringify(fakeCloud.admin.firewalls())).not.toContain("8080");
});

test("a droplet with a changed address is found at its new address by its host key", async () => {
  const { machine, address, hostKeys } = hostOf("web");
  await fakeCloud.admin.changeAddress(Number(machine));
  await must(project.pulumi(UP));
  expect(hostOf("web")).toMatchObject({ machine, hostKeys });
  expect(hostOf("web").address).not.toBe(address);
  await must(project.fleet(["drift"]));
});

describe("a droplet deleted in the console", () => {
  test("is reported by name and not recreated without a request, while all remaining hosts converge", async () => {
    await fakeCloud.admin.deleteDroplet(Number(hostOf("web").machine));
    await onHub("echo I am Arc > /home/iris/SOUL.md");
    const result = await must(project.pulumi(UP), 1);
    expect(result.all).toMatch(/web: droplet \d+ is gone: somebody has deleted it at DigitalOcean/);
    expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 1 });
    expect(await onHub("cat /home/iris/SOUL.md")).toContain("I am iris");
  });

  test("is recreated on request, with everything that fleet.yaml declares on it", async () => {
    project.write("fleet.yaml", fleetWith({ web: { replace: "2026-11-27 deleted by hand" } }));
    await must(project.pulumi(UP));
    expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 3, dropletsNow: 2 });
    await must(project.fleet(["drift"]));
    await must(project.pulumi(CLEAN));
  });
});

test("a requested replacement of a droplet lists what is lost, and moves its volume and reserved IP", async () => {
  const replaced = { web: { replace: "2026-11-27 deleted by hand" }, hub: { replace: "another image" } };
  project.write("fleet.yaml", fleetWith(replaced));
  const before = hostOf("hub");
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toMatch(
    new RegExp(
      `hub: \`up\` creates a new droplet and then deletes droplet ${before.machine} .*: iris, with home`,
    ),
  );
  await must(project.pulumi(UP));
  const after = hostOf("hub");
  expect(after.machine).not.toBe(before.machine);
  expect(after.address).toBe(before.address);
  expect(fakeCloud.admin.droplets().map(({ id }) => `${id}`)).toContain(after.machine);
  expect(fakeCloud.admin.volumes()[0]?.droplet_ids).toEqual([Number(after.machine)]);
  await must(project.fleet(["drift"]));
  await must(project.pulumi(CLEAN));
});

test("destroy is refused while droplets are protected, and otherwise leaves nothing in the account", async () => {
  const refused = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]), 1);
  expect(refused.all).toContain(
    "nothing has been destroyed: hub, web are protected. Set `protect: false` for them",
  );
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsNow: 2 });
  const free = { protect: false };
  const same = {
    web: { ...free, replace: "2026-11-27 deleted by hand" },
    hub: { ...free, replace: "another image" },
  };
  project.write("fleet.yaml", fleetWith(same));
  await must(project.pulumi(UP));
  const destroyed = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  expect(destroyed.all).toMatch(/hub: `destroy` deletes its droplet \d+ .*: iris, with home and data/);
  const { admin } = fakeCloud;
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

/** @param changes the changed fields of each host */
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
