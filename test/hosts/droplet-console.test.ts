import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { cloud, type TestCloud } from "./support/cloud.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const ROOT = join(import.meta.dirname, "../..");
const UP = ["up", "--yes", "--skip-preview"];
/** The volumes of `hub`, in GiB. */
const VOLUMES = { data: { size: 10 } };

let fakeCloud: TestCloud;
let keys: string;
let project: Project;

/** Starts a cloud with droplets that have an address but never respond, so that every `pulumi up` exits with 1. */
beforeAll(async () => {
  fakeCloud = await cloud({ hosts: false });
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", join(keys, "deploy")]);
  project = await makeProject({ "fleet.yaml": fleetWith({}) }, {}, fakeCloud.env);
});

afterEach(() => {
  fakeCloud.admin.heal();
  fakeCloud.admin.limitRequests(Number.POSITIVE_INFINITY);
});

afterAll(async () => {
  await project?.dispose();
  await fakeCloud?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("a reserved IP is created only once if the response to its create request is lost, and the next `pulumi up` adopts this address", async () => {
  fakeCloud.admin.fault({ match: "^POST /v2/reserved_ips$", times: 1, cut: "after" });
  await must(up(), 1);
  const [{ ip } = {}] = fakeCloud.admin.reservedIps();
  const destroy = await must(project.pulumi(["destroy", "--preview-only"]));
  expect(destroy.all).toContain(`the account has the reserved IP ${ip}`);
  expect((await must(up(), 1)).all).toContain(
    `hub: the reserved IP ${ip} appeared when an earlier run did not end`,
  );
  expect(fakeCloud.admin.reservedIps()).toMatchObject([{ ip, droplet: { id: idOf("hub") } }]);
});

test("a reserved IP that was unassigned in the console, or that could not be assigned, is assigned again", async () => {
  await post(`reserved_ips/${addressOfHub()}/actions`, { type: "unassign" });
  fakeCloud.admin.fault({ match: "^POST /v2/reserved_ips/.*/actions$", times: 1, status: 503 });
  await must(up(), 1);
  expect(fakeCloud.admin.reservedIps()).toMatchObject([{ droplet: null }]);
  await must(up(), 1);
  expect(fakeCloud.admin.reservedIps()).toMatchObject([{ droplet: { id: idOf("hub") } }]);
});

test("a reserved IP remains recorded if the run is killed before the assignment", async () => {
  project.write("fleet.yaml", fleetWith({ edge: { reservedIp: true } }));
  const before = addressOfHub();
  fakeCloud.admin.fault({ match: "^POST /v2/reserved_ips/.*/actions$", delay: 60_000 });
  const run = execa(join(ROOT, "bin", "pulumi"), UP, {
    cwd: project.dir,
    env: { ...fakeCloud.env, MUSTER_OFFLINE: "1" },
    stdio: "ignore",
    reject: false,
  });
  const isAsked = () => fakeCloud.admin.counts().requests["POST /v2/reserved_ips"] === 2;
  while (!isAsked() && run.exitCode === null) await sleep(50);
  await sleep(500);
  run.kill("SIGKILL");
  await run;
  fakeCloud.admin.heal();
  await must(up(), 1);
  const held = fakeCloud.admin.reservedIps() as { ip: string; droplet: { id: number } | null }[];
  expect(held).toHaveLength(2);
  expect(held.find(({ ip }) => ip !== before)?.droplet?.id).toBe(idOf("edge"));
});

test("settings that would replace a droplet or shrink a volume are kept with a warning, and all other hosts are changed", async () => {
  await post(`droplets/${idOf("hub")}/actions`, { type: "enable_ipv6" });
  const [volume] = fakeCloud.admin.volumes();
  await post(`volumes/${volume?.["id"]}/actions`, { type: "resize", size_gigabytes: 20 });
  await fakeCloud.admin.settled();
  const ids = [idOf("hub"), idOf("web")];
  project.write("fleet.yaml", fleetWith({ web: { monitoring: false, tags: ["seen"] } }));
  const { all } = await must(up(), 1);
  expect(all).toContain("hub: only a new droplet can have ipv6 false (now true)");
  expect(all).toContain("hub: only a new volume can have size 10 (now 20)");
  expect(all).toContain("web: only a new droplet can have monitoring false (now true)");
  expect([idOf("hub"), idOf("web")]).toEqual(ids);
  expect(dropletOf("web").tags).toContain("seen");
  const preview = await must(project.pulumi(["preview", "--json"]));
  const { steps } = JSON.parse(preview.stdout) as { steps: { op: string; urn: string }[] };
  const changed = steps.filter(
    ({ op, urn }) => urn.includes("digitalocean:") && !["same", "refresh"].includes(op),
  );
  expect(changed).toEqual([]);
});

test("a droplet can be made larger and smaller again, because its disk keeps its size", async () => {
  for (const size of ["s-2vcpu-2gb", "s-1vcpu-2gb"]) {
    project.write("fleet.yaml", fleetWith({ web: { size } }));
    await must(up(), 1);
    expect(dropletOf("web")).toMatchObject({ size_slug: size, disk: 50, status: "active" });
  }
});

test("a project and a key that were renamed in the console belong to the stack, and get their declared names again", async () => {
  const arc = fakeCloud.admin.projects().find(({ name }) => name === "arc");
  const [key] = fakeCloud.admin.keys();
  await put(`projects/${arc?.["id"]}`, { name: "arc", description: "Ours", purpose: "x" });
  await put(`account/keys/${key?.["id"]}`, { name: "laptop" });
  const { stdout } = await must(project.pulumi(["preview", "--json"]));
  const deleted = (JSON.parse(stdout) as { steps: { op: string }[] }).steps.filter(
    ({ op }) => op === "delete",
  );
  expect(deleted).toEqual([]);
  await must(up(), 1);
  expect(fakeCloud.admin.projects()).toContainEqual(
    expect.objectContaining({ id: arc?.["id"], description: arc?.["description"] }),
  );
  expect(fakeCloud.admin.keys()).toEqual([key]);
});

test("a single refused request ends neither `pulumi preview` nor `pulumi up`", async () => {
  fakeCloud.admin.fault({ match: "^GET /v2/firewalls/", times: 1, status: 502 });
  fakeCloud.admin.fault({ match: `^GET /v2/droplets/${idOf("web")}$`, times: 1, status: 429, retryAfter: 1 });
  await must(project.pulumi(["preview"]));
  fakeCloud.admin.fault({ match: "^GET /v2/firewalls/", times: 1, status: 502 });
  fakeCloud.admin.fault({ match: `^GET /v2/droplets/${idOf("web")}$`, times: 1, status: 429, retryAfter: 1 });
  fakeCloud.admin.editDroplet(idOf("hub"), { name: "renamed" });
  await must(up(), 1);
  expect(dropletOf("hub").name).toBe("hub");
});

test("`pulumi preview` waits if the API accepts no more requests in this minute", async () => {
  // The API's minute takes 4 s here.
  fakeCloud.admin.limitRequests(8, 4);
  const before = fakeCloud.admin.requests().length;
  await must(project.pulumi(["preview"]));
  const answers = fakeCloud.admin.requests().slice(before);
  expect(answers.some(({ status }) => status === 429)).toBe(true);
});

test("a droplet that the API cannot show does not prevent changes of other droplets", async () => {
  fakeCloud.admin.fault({ match: `^GET /v2/droplets/${idOf("web")}$`, status: 500 });
  fakeCloud.admin.editDroplet(idOf("hub"), { name: "renamed" });
  const { all } = await must(up(), 1);
  expect(all).toContain("not everything could be read");
  expect(dropletOf("hub").name).toBe("hub");
});

test("a volume and a reserved IP of a protected host are kept until the protection ends", async () => {
  const bare = { volumes: {}, reservedIp: false };
  project.write("fleet.yaml", fleetWith({ hub: { ...bare, protect: true } }));
  await must(up(), 1);
  project.write("fleet.yaml", fleetWith({ hub: { protect: true } }));
  await must(up(), 1);
  project.write("fleet.yaml", fleetWith({ hub: { ...bare, protect: true } }));
  const { all } = await must(up(), 1);
  expect(all).toMatch(
    /hub: fleet\.yaml no longer declares the volume data, but it is protected, so it is kept/,
  );
  expect(fakeCloud.admin.volumes()).toHaveLength(1);
  expect(fakeCloud.admin.reservedIps()).toHaveLength(1);
  project.write("fleet.yaml", fleetWith({ hub: bare }));
  await must(up(), 1);
  await must(up(), 1);
  expect([fakeCloud.admin.volumes(), fakeCloud.admin.reservedIps()]).toEqual([[], []]);
});

test("a droplet that cannot be created causes the only error of its host, even if the host has a new volume", async () => {
  fakeCloud.admin.dropletLimit(0);
  project.write("fleet.yaml", fleetWith({ late: { volumes: VOLUMES, reservedIp: false } }));
  const { all } = await must(up(), 1);
  expect(all).toContain("will exceed your droplet limit");
  expect(all).not.toContain("must not be zero");
  fakeCloud.admin.dropletLimit(10);
});

test("a droplet that was created without being recorded is reported, and no run deletes this droplet silently", async () => {
  fakeCloud.admin.fault({ match: "^POST /v2/droplets$", times: 1, cut: "after" });
  await must(up(), 1);
  const late = idOf("late");
  const destroy = await must(project.pulumi(["destroy", "--preview-only"]));
  expect(destroy.all).toContain(`the account has droplet ${late} (late)`);
  project.write("fleet.yaml", fleetWith({}));
  expect((await must(up(), 1)).all).toContain(`the account has droplet ${late} (late)`);
});

test("`pulumi destroy` leaves nothing that the state records, even if a connection is cut", async () => {
  await fakeCloud.admin.deleteDroplet(idOf("late"));
  fakeCloud.admin.fault({ match: "^DELETE /v2/droplets/", times: 1, cut: "before" });
  await must(project.pulumi(["destroy", "--yes", "--skip-preview"]));
  const { admin } = fakeCloud;
  expect([admin.droplets(), admin.firewalls(), admin.keys(), admin.volumes(), admin.reservedIps()]).toEqual([
    ...[[], [], [], [], []],
  ]);
});

function up() {
  return project.pulumi(UP);
}

function dropletOf(host: string) {
  const found = fakeCloud.admin.droplets().find(({ tags }) => tags.some((tag) => tag.endsWith(`:${host}`)));
  if (found === undefined) throw new Error(`there is no droplet of ${host}`);
  return found;
}

function idOf(host: string): number {
  return dropletOf(host).id;
}

function addressOfHub(): string {
  const all = fakeCloud.admin.reservedIps() as { ip: string; droplet: { id: number } | null }[];
  return all.find(({ droplet }) => droplet?.id === idOf("hub"))?.ip ?? "";
}

/** Makes a change, as a person does in the console. */
const post = (path: string, body: object) => send("POST", path, body);
const put = (path: string, body: object) => send("PUT", path, body);

async function send(method: string, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${fakeCloud.token}` };
  const answer = await fetch(`${fakeCloud.url}/v2/${path}`, { method, headers, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
  await fakeCloud.admin.settled();
}

/** @param changes the changed fields, by host; a host that does not exist yet is added */
function fleetWith(changes: Readonly<Record<string, object>>): string {
  const droplet = { kind: "droplet", protect: false, connectTimeout: 1, bootTimeout: 1 };
  const hosts: Record<string, object> = { hub: { reservedIp: true, volumes: VOLUMES }, web: {} };
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKXgsZNRzWJrGFCOL9QrGmwgZzDwFrqL2bxYzcUl6HkP";
  const names = [...new Set([...Object.keys(hosts), ...Object.keys(changes)])];
  return stringify({
    ...{ apiVersion: "muster/v1", kind: "Fleet", name: "console", tenants: {}, agents: {} },
    cloud: {
      ...{ keys: { deploy: key }, sshFrom: ["192.0.2.1"], region: "nyc3", project: "arc" },
      identityFile: join(keys, "deploy"),
    },
    hosts: Object.fromEntries(names.map((name) => [name, { ...droplet, ...hosts[name], ...changes[name] }])),
  });
}
