import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { cloud, type TestCloud } from "./support/cloud.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const UP = ["up", "--yes", "--skip-preview"];

let fakeCloud: TestCloud;
let keys: string;
let project: Project;

/** Starts a cloud with droplets that have an address but never respond. */
beforeAll(async () => {
  fakeCloud = await cloud({ hosts: false, pace: "scaled" });
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", join(keys, "deploy")]);
  project = await makeProject({ "fleet.yaml": fleetWith(["ezra"]) }, {}, fakeCloud.env);
});

afterEach(() => fakeCloud.admin.heal());

afterAll(async () => {
  await project?.dispose();
  await fakeCloud?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("a missing or revoked token ends a run immediately, and the error explains why", async () => {
  const none = await must(project.pulumi(UP, { env: { DIGITALOCEAN_TOKEN: "" } }), 2);
  expect(none.all).toMatch(
    /there is no DigitalOcean token: .*`npx pulumi config set --secret digitalocean:token`/,
  );
  const token = fakeCloud.admin.makeToken("all");
  fakeCloud.admin.revoke(token);
  const revoked = await must(project.pulumi(UP, { env: { DIGITALOCEAN_TOKEN: token } }), 2);
  expect(revoked.all).toMatch(/it does not accept the token: .*\(401\)/);
  expect(revoked.all).not.toContain(token);
});

test("a token in the stack's configuration is used, and never appears in plain text", async () => {
  const token = fakeCloud.admin.makeToken("read");
  await must(project.pulumi(["config", "set", "--secret", "digitalocean:token"], { input: token }));
  const env = { DIGITALOCEAN_TOKEN: "" };
  const preview = await must(project.pulumi(["preview", "--diff"], { env }));
  expect(preview.all).toContain("Monthly cost");
  const up = await must(project.pulumi([...UP, "--json"], { env }), 1);
  expect(up.all).toMatch(/403/);
  expect(fakeCloud.admin.counts().dropletsMade).toBe(0);
  expect(preview.all + up.all + project.read("stacks/Pulumi.test.yaml")).not.toContain(token);
  await must(project.pulumi(["config", "rm", "digitalocean:token"]));
});

test("`pulumi up` reports in one sentence that the API is unavailable or limits the rate, and creates no droplet", async () => {
  fakeCloud.admin.fault({ status: 503 });
  const down = await must(project.pulumi(UP), 1);
  expect(down.all).toMatch(/DigitalOcean cannot be queried: .*\(503\)\. Run this again later\./);
  fakeCloud.admin.heal();
  fakeCloud.admin.fault({ status: 429, retryAfter: 3600 });
  const often = await must(project.pulumi(UP), 1);
  expect(often.all).toMatch(/it has received too many requests: .*run this again in 60 min\./);
  expect(fakeCloud.admin.counts().dropletsMade).toBe(0);
});

test("`pulumi up` reports an exceeded droplet quota, and creates the missing droplets once the quota allows this", async () => {
  project.write("fleet.yaml", fleetWith(["ezra", "allegro"]));
  fakeCloud.admin.dropletLimit(1);
  const limited = await must(project.pulumi(UP), 1);
  expect(limited.all).toMatch(
    /The account's limit is 1 droplet and the account has 0, so 2 more cannot be created\./,
  );
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 1, dropletsNow: 1 });
  fakeCloud.admin.dropletLimit(10);
  const more = await must(project.pulumi(UP), 1);
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 2 });
  expect(more.all).toMatch(/ezra: it cannot be reached: .* Muster waited \d+ s\. Check its console/);
});

test("a droplet that does not boot is recorded in the state, so it is not created a second time", async () => {
  project.write("fleet.yaml", fleetWith(["ezra", "allegro", "bezalel"]));
  fakeCloud.admin.nextDroplets("stuck");
  await must(project.pulumi(UP), 1);
  await must(project.pulumi(UP), 1);
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 3, dropletsNow: 3 });
});

test("a droplet is created only once, even if the response to its create request was lost", async () => {
  project.write("fleet.yaml", fleetWith(["ezra", "allegro", "bezalel", "timmy"]));
  fakeCloud.admin.fault({ match: "^POST /v2/droplets$", times: 1, cut: "after" });
  await must(project.pulumi(UP), 1);
  await must(project.pulumi(UP), 1);
  const names = fakeCloud.admin.droplets().map(({ name }) => name);
  expect(names.sort()).toEqual(["allegro", "bezalel", "ezra", "timmy"]);
});

test("`pulumi destroy` leaves nothing in the account", async () => {
  await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  expect([fakeCloud.admin.droplets(), fakeCloud.admin.firewalls(), fakeCloud.admin.keys()]).toEqual([
    [],
    [],
    [],
  ]);
});

function fleetWith(hosts: readonly string[]): string {
  const droplet = { kind: "droplet", protect: false, connectTimeout: 1, bootTimeout: 2 };
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXgsZNRzWJrGFCOL9QrGmwgZzDwFrqL2bxYzcUl6HkP";
  return stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "faults", tenants: {}, agents: {} },
    cloud: {
      ...{ keys: { deploy: key }, sshFrom: ["192.0.2.1"], region: "nyc3" },
      identityFile: join(keys, "deploy"),
    },
    hosts: Object.fromEntries(hosts.map((host) => [host, droplet])),
  });
}
