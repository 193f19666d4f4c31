import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cloud, type TestCloud } from "./support/cloud.ts";

const ROOT = join(import.meta.dirname, "../..");

let fakeCloud: TestCloud;
let dir: string;

/** Creates a project with a program that uses only the vendor's SDKs, so that the double is tested like the API. */
beforeAll(async () => {
  fakeCloud = await cloud();
  dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
  cpSync(join(import.meta.dirname, "support/cloud-program"), dir, { recursive: true });
  mkdirSync(join(dir, ".state"));
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "fleet", "-f", join(dir, "id")]);
  await pulumi(["stack", "init", "test"]);
});

afterAll(async () => {
  await pulumi(["destroy", "--yes", "--skip-preview"]);
  await fakeCloud?.dispose();
  rmSync(dir, { recursive: true, force: true });
});

async function pulumi(args: readonly string[], env: Readonly<Record<string, string>> = {}, exitCode = 0) {
  const result = await execa(join(ROOT, "bin/pulumi"), args, {
    cwd: dir,
    all: true,
    reject: false,
    env: { ...fakeCloud.env, PULUMI_CONFIG_PASSPHRASE: "sky", PULUMI_OPTION_COLOR: "never", ...env },
  });
  if (result.exitCode !== exitCode)
    throw new Error(`exit code ${result.exitCode}, not ${exitCode}:\n${result.all}`);
  return result.all;
}

async function outputs(): Promise<Record<string, string>> {
  return JSON.parse(await pulumi(["stack", "output", "--json"])) as Record<string, string>;
}

/** Runs a script on the only droplet. */
function onHub(script: string): Promise<string> {
  return fakeCloud.admin.onDroplet(fakeCloud.admin.droplets()[0]?.id ?? 0, script);
}

const VOLUME = "/dev/disk/by-id/scsi-0DO_Volume_data";

const up = ["up", "--yes", "--skip-preview"];
const clean = ["preview", "--refresh", "--expect-no-changes", "--diff"];

test("`pulumi up` creates a droplet with its key, firewall, volume, reserved IP and project", async () => {
  const preview = await pulumi(["preview"]);
  expect(preview).toMatch(/\+ 10 to create/);
  expect(fakeCloud.admin.counts().dropletsMade).toBe(0);
  await pulumi(up);
  const [droplet] = fakeCloud.admin.droplets();
  const stackOutputs = await outputs();
  expect(stackOutputs).toMatchObject({
    address: droplet?.networks.v4[0]?.ip_address,
    price: 6,
    said: "status: done\nhub\n/root/booted",
    limit: 25,
  });
  expect(fakeCloud.admin.projects()).toContainEqual(
    expect.objectContaining({ id: stackOutputs["projectId"], resources: [`do:droplet:${droplet?.id}`] }),
  );
  await pulumi(clean);
});

test("root can log in with the account's key at the droplet's own address and at its reserved IP", async () => {
  const stackOutputs = await outputs();
  for (const address of [stackOutputs["address"], stackOutputs["reservedAddress"]]) {
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

test("`pulumi refresh` detects a change that was made in the console, and the next `pulumi up` reverts the change", async () => {
  const [firewall] = fakeCloud.admin.firewalls();
  fakeCloud.admin.openFirewall(firewall?.id ?? "", {
    protocol: "tcp",
    ports: "8080",
    addresses: ["0.0.0.0/0"],
  });
  const drift = await pulumi(clean, {}, 7);
  expect(drift).toContain("8080");
  await pulumi([...up, "--refresh"]);
  expect(fakeCloud.admin.firewalls()[0]?.inbound_rules).toHaveLength(1);
  await pulumi(clean);
});

test("a droplet can mount its volume as a disk", async () => {
  const result = await onHub(`mount ${VOLUME} /mnt && echo kept >/mnt/note && findmnt -no FSTYPE,SIZE /mnt`);
  expect(result).toMatch(/^ext4\s+9\./);
});

test("a changed size does not replace the droplet, and a changed trigger reruns the remote command", async () => {
  const before = fakeCloud.admin.droplets()[0]?.id;
  const preview = await pulumi(["preview", "--diff"], { SIZE: "s-1vcpu-2gb", TRIGGER: "second" });
  expect(preview).toMatch(/~ size *: "s-1vcpu-1gb" => "s-1vcpu-2gb"/);
  await pulumi(up, { SIZE: "s-1vcpu-2gb", TRIGGER: "second" });
  expect(fakeCloud.admin.droplets()).toMatchObject([
    { id: before, size_slug: "s-1vcpu-2gb", status: "active" },
  ]);
  expect(await outputs()).toMatchObject({ price: 12 });
  // The resize has powered the droplet off, so the volume must be mounted again.
  expect(await onHub(`mount ${VOLUME} /mnt && cat /mnt/note && umount /mnt`)).toBe("kept");
});

test("a droplet responds at an address that was assigned in the console, and gets a new disk when it is rebuilt", async () => {
  const [droplet] = fakeCloud.admin.droplets();
  const before = (await outputs())["address"];
  const after = await fakeCloud.admin.changeAddress(droplet?.id ?? 0);
  expect(after).not.toBe(before);
  expect(await onHub("hostname; ls /root")).toBe("hub\nbooted");
  await onHub("touch /root/before");
  await fetch(`${fakeCloud.url}/v2/droplets/${droplet?.id}/actions`, {
    method: "POST",
    headers: { authorization: `Bearer ${fakeCloud.token}` },
    body: JSON.stringify({ type: "rebuild", image: "debian-12-x64" }),
  });
  await fakeCloud.admin.settled();
  expect(await onHub("cloud-init status --wait; hostname; ls /root")).toBe("status: done\nhub\nbooted");
});

test("`pulumi refresh` detects that a droplet was deleted in the console, and `pulumi preview` plans to create the droplet again", async () => {
  const [droplet] = fakeCloud.admin.droplets();
  await fakeCloud.admin.deleteDroplet(droplet?.id ?? 0);
  expect(await pulumi(["preview", "--refresh"], { SIZE: "s-1vcpu-2gb", TRIGGER: "second" })).toMatch(
    /digitalocean:index:Droplet\s+hub\s+create/,
  );
});

test("`pulumi destroy` leaves nothing in the account", async () => {
  await pulumi(["destroy", "--yes", "--skip-preview", "--refresh"]);
  await fakeCloud.admin.settled();
  const { admin } = fakeCloud;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.volumes(), admin.reservedIps()]).toEqual([
    ...[[], [], [], [], []],
  ]);
  expect(admin.counts()).toMatchObject({ dropletsMade: 1, dropletsNow: 0 });
});
