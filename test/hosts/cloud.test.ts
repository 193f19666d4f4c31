import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cloud, type TestCloud } from "./support/cloud.ts";

const ROOT = join(import.meta.dirname, "../..");

let sky: TestCloud;
let dir: string;

/** A program of the vendor's SDKs alone: what it meets here, it meets at the vendor's. */
beforeAll(async () => {
  sky = await cloud();
  dir = mkdtempSync(join(tmpdir(), "muster-sky-"));
  cpSync(join(import.meta.dirname, "support/sky"), dir, { recursive: true });
  mkdirSync(join(dir, ".state"));
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "fleet", "-f", join(dir, "id")]);
  await pulumi(["stack", "init", "test"]);
});

afterAll(async () => {
  await pulumi(["destroy", "--yes", "--skip-preview"]);
  await sky?.dispose();
  rmSync(dir, { recursive: true, force: true });
});

async function pulumi(args: readonly string[], env: Readonly<Record<string, string>> = {}, exitCode = 0) {
  const said = await execa(join(ROOT, "bin/pulumi"), args, {
    cwd: dir,
    all: true,
    reject: false,
    env: { ...sky.env, PULUMI_CONFIG_PASSPHRASE: "sky", PULUMI_OPTION_COLOR: "never", ...env },
  });
  if (said.exitCode !== exitCode)
    throw new Error(`exit code ${said.exitCode}, not ${exitCode}:\n${said.all}`);
  return said.all;
}

async function outputs(): Promise<Record<string, string>> {
  return JSON.parse(await pulumi(["stack", "output", "--json"])) as Record<string, string>;
}

/** Runs a script on the one droplet. */
function onHub(script: string): Promise<string> {
  return sky.admin.onDroplet(sky.admin.droplets()[0]?.id ?? 0, script);
}

const VOLUME = "/dev/disk/by-id/scsi-0DO_Volume_data";

const up = ["up", "--yes", "--skip-preview"];
const clean = ["preview", "--refresh", "--expect-no-changes", "--diff"];

test("a droplet comes up with its key, firewall, volume, reserved IP and project", async () => {
  const preview = await pulumi(["preview"]);
  expect(preview).toMatch(/\+ 10 to create/);
  expect(sky.admin.counts().dropletsMade).toBe(0);
  await pulumi(up);
  const [droplet] = sky.admin.droplets();
  const told = await outputs();
  expect(told).toMatchObject({
    address: droplet?.networks.v4[0]?.ip_address,
    price: 6,
    said: "status: done\nhub\n/root/booted",
    limit: 25,
  });
  expect(sky.admin.projects()).toContainEqual(
    expect.objectContaining({ id: told["projectId"], resources: [`do:droplet:${droplet?.id}`] }),
  );
  await pulumi(clean);
});

test("its root lets in the key of the account, at its own address and at the reserved one", async () => {
  const told = await outputs();
  for (const address of [told["address"], told["reservedAddress"]]) {
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "BatchMode=yes",
    ];
    const args = ["-F", "none", "-i", join(dir, "id"), ...options.flatMap((one) => ["-o", one])];
    expect((await execa("ssh", [...args, `root@${address}`, "hostname"])).stdout).toBe("hub");
  }
});

test("what somebody changed in the console is seen by a refresh and mended by the next up", async () => {
  const [firewall] = sky.admin.firewalls();
  sky.admin.openFirewall(firewall?.id ?? "", { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
  const drift = await pulumi(clean, {}, 7);
  expect(drift).toContain("8080");
  await pulumi([...up, "--refresh"]);
  expect(sky.admin.firewalls()[0]?.inbound_rules).toHaveLength(1);
  await pulumi(clean);
});

test("its volume is a disk that a filesystem can be mounted from", async () => {
  const said = await onHub(`mount ${VOLUME} /mnt && echo kept >/mnt/note && findmnt -no FSTYPE,SIZE /mnt`);
  expect(said).toMatch(/^ext4\s+9\./);
});

test("a larger size keeps the droplet, and a changed trigger runs the command again", async () => {
  const before = sky.admin.droplets()[0]?.id;
  const preview = await pulumi(["preview", "--diff"], { SIZE: "s-1vcpu-2gb", TRIGGER: "second" });
  expect(preview).toMatch(/~ size *: "s-1vcpu-1gb" => "s-1vcpu-2gb"/);
  await pulumi(up, { SIZE: "s-1vcpu-2gb", TRIGGER: "second" });
  expect(sky.admin.droplets()).toMatchObject([{ id: before, size_slug: "s-1vcpu-2gb", status: "active" }]);
  expect(await outputs()).toMatchObject({ price: 12 });
  // It was switched off for that.
  expect(await onHub(`mount ${VOLUME} /mnt && cat /mnt/note && umount /mnt`)).toBe("kept");
});

test("it answers at another address that it got in the console, and with another disk once rebuilt", async () => {
  const [droplet] = sky.admin.droplets();
  const before = (await outputs())["address"];
  const after = await sky.admin.changeAddress(droplet?.id ?? 0);
  expect(after).not.toBe(before);
  expect(await onHub("hostname; ls /root")).toBe("hub\nbooted");
  await onHub("touch /root/before");
  await fetch(`${sky.url}/v2/droplets/${droplet?.id}/actions`, {
    method: "POST",
    headers: { authorization: `Bearer ${sky.token}` },
    body: JSON.stringify({ type: "rebuild", image: "debian-12-x64" }),
  });
  await sky.admin.settled();
  expect(await onHub("cloud-init status --wait; hostname; ls /root")).toBe("status: done\nhub\nbooted");
});

test("a droplet that was deleted in the console is gone for a refresh, with its host", async () => {
  const [droplet] = sky.admin.droplets();
  await sky.admin.deleteDroplet(droplet?.id ?? 0);
  expect(await pulumi(["preview", "--refresh"], { SIZE: "s-1vcpu-2gb", TRIGGER: "second" })).toMatch(
    /digitalocean:index:Droplet\s+hub\s+create/,
  );
});

test("destroy leaves nothing in the account", async () => {
  await pulumi(["destroy", "--yes", "--skip-preview", "--refresh"]);
  await sky.admin.settled();
  const { admin } = sky;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.volumes(), admin.reservedIps()]).toEqual([
    ...[[], [], [], [], []],
  ]);
  expect(admin.counts()).toMatchObject({ dropletsMade: 1, dropletsNow: 0 });
});
