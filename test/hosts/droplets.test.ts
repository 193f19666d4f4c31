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

test("the first `pulumi preview` shows the monthly cost, and creates no droplet", async () => {
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toMatch(/Monthly cost: \$0\.00 before, \$\d+\.\d\d after \(hub \$0\.00 → /);
  expect(preview.all).toMatch(/hub gets its address from DigitalOcean during `up`/);
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 0 });
});

test("`pulumi up` creates the droplets and runs their setup once, and `fleet drift` finds nothing afterwards", async () => {
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
  const { stdout } = await must(project.fleet(["ps"]));
  expect(stdout).toMatch(/iris +hub +running/);
  expect(stdout).toMatch(/loom +web +running/);
});

test("a port that was opened in the console is reported as drift, and `pulumi up` closes the port", async () => {
  const id = fakeCloud.admin.firewalls().find(({ inbound_rules }) => inbound_rules.length === 1)?.id ?? "";
  fakeCloud.admin.openFirewall(id, { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
  expect((await must(project.pulumi([...CLEAN, "--diff"]), 7)).all).toContain("8080");
  const drift = await must(project.fleet(["drift", "--cloud", "--json"]), 7);
  expect(JSON.parse(drift.stdout).findings).toMatchObject([
    { host: "web", item: "firewall", observed: "changed on the machine", cause: "drift" },
  ]);
  await must(project.pulumi(UP));
  expect(JSON.stringify(fakeCloud.admin.firewalls())).not.toContain("8080");
});

test("a setup step runs on a droplet whose RSA host key is listed first", async () => {
  const path = "stacks/inventory.droplets.yaml";
  const inventory = parse(project.read(path)) as { hosts: Record<string, { hostKeys: string[] }> };
  await execa("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", join(keys, "rsa")]);
  const rsa = readFileSync(join(keys, "rsa.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  inventory.hosts["hub"]?.hostKeys.unshift(rsa);
  project.write(path, stringify(inventory));
  const note = { run: "echo again >> /root/setup" };
  project.write("fleet.yaml", fleetWith({ hub: { setup: { note } } }));
  await must(project.pulumi(UP));
  expect(await onHub("cat /root/setup")).toBe("once\nagain");
  inventory.hosts["hub"]?.hostKeys.shift();
  project.write(path, stringify(inventory));
  project.write("fleet.yaml", fleetWith({}));
  await must(project.pulumi(UP));
});

test("a droplet with a changed address is reached at the new address, and keeps its host key", async () => {
  const { machine, address, hostKeys } = hostOf("web");
  await fakeCloud.admin.changeAddress(Number(machine));
  await must(project.pulumi(UP));
  expect(hostOf("web")).toMatchObject({ machine, hostKeys });
  expect(hostOf("web").address).not.toBe(address);
  await must(project.fleet(["drift"]));
});

describe("a droplet that was deleted in the console", () => {
  test("is reported by name and not created again, and all remaining hosts converge", async () => {
    await fakeCloud.admin.deleteDroplet(Number(hostOf("web").machine));
    await onHub("echo I am Arc > /home/iris/SOUL.md");
    const result = await must(project.pulumi(UP), 1);
    expect(result.all).toMatch(/web: droplet \d+ is gone: somebody has deleted it at DigitalOcean/);
    expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 1 });
    expect(await onHub("cat /home/iris/SOUL.md")).toContain("I am iris");
  });

  test("is created again on request, with everything that fleet.yaml declares on it", async () => {
    project.write("fleet.yaml", fleetWith({ web: { replace: "2026-11-27 deleted by hand" } }));
    await must(project.pulumi(UP));
    expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 3, dropletsNow: 2 });
    await must(project.fleet(["drift"]));
    await must(project.pulumi(CLEAN));
  });
});

test("`pulumi preview` lists the data that a requested replacement deletes, and `pulumi up` keeps the volume and the reserved IP", async () => {
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

test("`pulumi destroy` is refused for protected droplets, and leaves nothing in the account once no droplet is protected", async () => {
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

/** @param changes the changed fields, by host */
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
