import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { cloud, type TestCloud } from "./support/cloud.ts";
import { localFleet } from "./support/fleets.ts";
import { LISTING } from "./support/host-facts.ts";
import { makeProject, must, type Project } from "./support/project.ts";

const UP = ["up", "--yes", "--skip-preview"];

let fakeCloud: TestCloud;
let keys: string;
/** A project that has no resource at DigitalOcean. */
let desk: Project;
let project: Project;
let id: number;

/** Sets up an agent by hand, without Muster. */
const BY_HAND = `
  groupadd agents; useradd --create-home --gid agents --shell /bin/bash iris
  printf '# Iris\\n\\nI am Iris.\\n' >/home/iris/SOUL.md; chown iris:agents /home/iris/SOUL.md
  cat >/etc/systemd/system/iris.service <<UNIT
[Service]
User=iris
Group=agents
WorkingDirectory=/home/iris
ExecStart=/bin/sh -c "exec sleep infinity"
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload; systemctl enable -q --now iris.service`;

beforeAll(async () => {
  fakeCloud = await cloud();
  keys = mkdtempSync(join(tmpdir(), "muster-keys-"));
  for (const name of ["mine", "other"]) {
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(keys, name)]);
  }
  const public_key = readFileSync(join(keys, "mine.pub"), "utf8").trim();
  const { ssh_key } = await post("account/keys", { name: "mine", public_key });
  id = await makeByHand({ ssh_keys: [ssh_key.id], tags: ["mine"], monitoring: true, ipv6: true });
  await post("firewalls", firewall("web-fw", [id]));
  await post("reserved_ips", { droplet_id: id });
  await fakeCloud.admin.settled();
  await fakeCloud.admin.onDroplet(id, BY_HAND);
  desk = await makeProject(localFleet({ hosts: ["box"], agents: {} }), {}, fakeCloud.env);
});

afterAll(async () => {
  await project?.dispose();
  await desk?.dispose();
  await fakeCloud?.dispose();
  rmSync(keys, { recursive: true, force: true });
});

test("`fleet import` writes a fleet.yaml for an existing droplet, and changes nothing at DigitalOcean or on the droplet", async () => {
  const listing = `{ ${LISTING}; }`;
  const [before, there] = [fakeCloud.admin.requests().length, await onWeb(listing)];
  const { stdout } = await must(importing("web", id));
  expect(new Set(requestsSince(before).map(({ method }) => method))).toEqual(new Set(["GET"]));
  expect(stdout).toContain(`droplet ${id}, which DigitalOcean calls web-01.example.org, is adopted as it is`);
  expect(stdout).toMatch(/ssh-ed25519 SHA256:\S{43}/);
  const { hosts, agents } = parse(proposed()["fleet.yaml"] ?? "");
  expect(hosts.web).toMatchObject({
    kind: "droplet",
    adopt: { droplet: id, firewall: fakeCloud.admin.firewalls()[0]?.id },
    ...{ region: "nyc3", size: "s-1vcpu-2gb", image: "debian-12-x64", backups: false, ipv6: true },
    ...{ tags: ["mine"], reservedIp: true, sshFrom: ["0.0.0.0/0"], open: [{ port: 443 }] },
  });
  expect(agents.iris).toMatchObject({ replaces: ["iris.service"], takeOver: "later" });
  expect(await onWeb(listing)).toBe(there);
});

test("`pulumi up` adopts the droplet by its ID, and the agent keeps running", async () => {
  const pid = await agentsPid("iris.service");
  project = await makeProject(proposed(), {}, fakeCloud.env);
  const before = fakeCloud.admin.requests().length;
  const { stdout } = await must(project.pulumi(["preview", "--json"]));
  const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  const vendors = steps.filter(({ urn }) => urn.includes("::digitalocean:"));
  expect(vendors.map(({ op, urn }) => `${op} ${urn.split("::")[2]}`).sort()).toEqual([
    "import digitalocean:index/droplet:Droplet",
    "import digitalocean:index/firewall:Firewall",
    "import digitalocean:index/reservedIp:ReservedIp",
    "import digitalocean:index/reservedIpAssignment:ReservedIpAssignment",
  ]);
  await must(project.pulumi(UP));
  expect(requestsSince(before).filter(({ method }) => method !== "GET")).toEqual([]);
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 1, dropletsNow: 1 });
  expect(fakeCloud.admin.droplets()[0]).toMatchObject({ id, name: "web-01.example.org", tags: ["mine"] });
  expect(await agentsPid("iris.service")).toBe(pid);
  expect((await must(project.fleet(["drift"]))).stdout).toBe("1 host, 1 agent: no drift");
  await must(project.pulumi(["preview", "--expect-no-changes"]));
  const ps = await must(project.fleet(["ps"]));
  expect(ps.stdout).toMatch(/^iris .* running /m);
  expect(ps.stdout).toContain("iris still runs in iris.service");
  expect((await must(project.fleet(["stop", "iris"]), 2)).all).toContain(
    "which Muster does not start or stop",
  );
});

test("an opened port and a stopped unit are drift after the import, and `pulumi up` repairs both", async () => {
  const [web] = fakeCloud.admin.firewalls();
  fakeCloud.admin.openFirewall(web?.id ?? "", { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
  await onWeb("systemctl stop iris.service");
  expect((await must(project.fleet(["drift"]), 7)).stdout).toMatch(/iris +former iris\.service +active/);
  await must(project.pulumi(UP));
  expect(JSON.stringify(fakeCloud.admin.firewalls())).not.toContain("8080");
  expect(await onWeb("systemctl is-active iris.service")).toBe("active");
  await must(project.fleet(["drift"]));
});

test("`pulumi destroy` is refused and changes nothing while the host is protected", async () => {
  const pid = await agentsPid("iris.service");
  const state = await resources();
  const { all } = await must(project.pulumi(["destroy", "--yes", "--skip-preview"]), 1);
  expect(all).toContain("nothing has been destroyed: web is protected. Set `protect: false` for it");
  expect(fakeCloud.admin.droplets().map((droplet) => droplet.id)).toEqual([id]);
  expect(await agentsPid("iris.service")).toBe(pid);
  expect(await resources()).toEqual(state);
  await must(project.fleet(["drift"]));
  await must(project.pulumi(["preview", "--expect-no-changes"]));
});

test("the agent restarts once when `takeOver: later` is removed from fleet.yaml", async () => {
  project.write("fleet.yaml", project.read("fleet.yaml").replace(/ *takeOver: later\n/, ""));
  await must(project.pulumi(UP));
  expect(await onWeb("systemctl is-active iris.service muster-agent-iris.service; true")).toBe(
    "inactive\nactive",
  );
  expect(await onWeb("pgrep -u iris -c -x sleep")).toBe("1");
  await must(project.fleet(["drift"]));
});

test("a larger droplet size does not replace the droplet or resize its disk", async () => {
  const before = fakeCloud.admin.requests().length;
  project.write("fleet.yaml", project.read("fleet.yaml").replace("s-1vcpu-2gb", "s-2vcpu-2gb"));
  await must(project.pulumi(UP));
  const resized = requestsSince(before).flatMap(({ body }) =>
    (body as { type?: string })?.type === "resize" ? [body] : [],
  );
  expect(resized).toEqual([{ type: "resize", size: "s-2vcpu-2gb", disk: false }]);
  expect(fakeCloud.admin.droplets()).toMatchObject([{ id, size_slug: "s-2vcpu-2gb" }]);
  await must(project.pulumi(["preview", "--expect-no-changes"]));
});

test("a requested replacement creates a new droplet with the same firewall", async () => {
  const key = readFileSync(join(keys, "mine.pub"), "utf8").trim();
  const asking = project.read("fleet.yaml").replace("keys: {}", `keys: { mine: ${key} }`);
  project.write(
    "fleet.yaml",
    asking.replace("kind: droplet\n", "kind: droplet\n    replace: another image\n"),
  );
  const preview = await must(project.pulumi(["preview"]));
  expect(preview.all).toContain(`web: \`up\` creates a new droplet and then deletes droplet ${id} `);
  await must(project.pulumi(UP));
  const [now] = fakeCloud.admin.droplets();
  expect(now).toMatchObject({
    name: "web",
    tags: expect.arrayContaining(["mine", "muster:muster:test:web"]),
  });
  expect(fakeCloud.admin.firewalls()).toMatchObject([{ name: "web-fw", droplet_ids: [now?.id] }]);
  expect(fakeCloud.admin.counts()).toMatchObject({ dropletsMade: 2, dropletsNow: 1 });
  id = now?.id ?? 0;
  await must(project.fleet(["drift"]));
  await must(project.pulumi(["preview", "--expect-no-changes"]));
});

test("an impossible import changes nothing, and one sentence explains the reason", async () => {
  const before = fakeCloud.admin.requests().length;
  const says = async (sentence: RegExp, exitCode: number, run: ReturnType<typeof importing>) => {
    expect((await must(run, exitCode)).all).toMatch(sentence);
  };
  await says(
    /there is no droplet 4711: the account of this token has no droplet with that ID/,
    2,
    importing("web", 4711),
  );
  await says(/the name box is taken: fleet\.yaml has a host with that name/, 2, importing("box", id));
  const none = { DIGITALOCEAN_TOKEN: fakeCloud.admin.makeToken("none") };
  await says(/the token is not allowed to read/, 2, importing("west", id, { env: none }));
  await says(/there is no DigitalOcean token/, 2, importing("west", id, { env: { DIGITALOCEAN_TOKEN: "" } }));
  await says(/another Muster stack manages it: it has the tag muster:muster:test/, 2, importing("west", id));
  fakeCloud.admin.editDroplet(id, { tags: [] });
  await says(/no login as root was accepted|refused/, 4, importing("west", id, { key: "other" }));
  expect((await must(projectsImport("west"), 2)).all).toContain("it is already the host web of this fleet");
  expect(requestsSince(before).filter(({ method }) => method !== "GET")).toEqual([]);
  fakeCloud.admin.nextDroplets("silent");
  const rocky = await makeByHand({ image: "rockylinux-9-x64" });
  await says(/its image is Rocky Linux, but Muster needs Debian or Ubuntu/, 2, importing("r", rocky));
});

test("a firewall that also covers undeclared droplets is not adopted", async () => {
  const other = fakeCloud.admin.droplets().find((droplet) => droplet.id !== id)?.id ?? 0;
  const [web] = fakeCloud.admin.firewalls();
  await post(`firewalls/${web?.id}/droplets`, { droplet_ids: [other] });
  const { stdout } = await must(importing("north", id, { out: "imported/north" }));
  expect(stdout).toContain(
    `the firewall web-fw: it covers other droplets as well (${other}), so it is left unchanged`,
  );
  expect(Object.keys(parse(desk.read("imported/north/fleet.yaml")).hosts.north.adopt)).toEqual([
    "droplet",
    "hostKeys",
  ]);
});

interface Importing {
  readonly env?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly out?: string;
}

function importing(name: string, number: number, { env = {}, key = "mine", out }: Importing = {}) {
  const more = out === undefined ? [] : ["--out", out];
  const args = [
    "import",
    "host",
    name,
    "--droplet",
    `${number}`,
    "--identity-file",
    join(keys, key),
    ...more,
  ];
  return desk.fleet(args, { env });
}

/** Runs the import in the project that has already adopted the droplet. */
function projectsImport(name: string) {
  return project.fleet(["import", "host", name, "--droplet", `${id}`]);
}

/** Returns the text of each file that the import has written, by path. */
function proposed(): Record<string, string> {
  const dir = join(desk.dir, "imported/web");
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}

/** Returns the requests to DigitalOcean, without the first `since` requests. */
function requestsSince(since: number) {
  return fakeCloud.admin.requests().slice(since);
}

async function resources(): Promise<string[]> {
  const { stdout } = await must(project.pulumi(["stack", "export"]));
  const { deployment } = JSON.parse(stdout) as { deployment: { resources: { urn: string }[] } };
  return deployment.resources.map(({ urn }) => urn).sort();
}

function onWeb(script: string): Promise<string> {
  return fakeCloud.admin.onDroplet(id, script);
}

function agentsPid(unit: string): Promise<string> {
  return onWeb(`systemctl show -P MainPID ${unit}`);
}

async function makeByHand(more: object): Promise<number> {
  const order = { name: "web-01.example.org", region: "nyc3", size: "s-1vcpu-2gb", image: "debian-12-x64" };
  const { droplet } = await post("droplets", { ...order, ...more });
  await fakeCloud.admin.settled();
  return droplet.id;
}

function firewall(name: string, droplet_ids: readonly number[]) {
  const everybody = { addresses: ["0.0.0.0/0", "::/0"] };
  return {
    name,
    droplet_ids,
    inbound_rules: [
      { protocol: "tcp", ports: "22", sources: { addresses: ["0.0.0.0/0"] } },
      { protocol: "tcp", ports: "443", sources: everybody },
    ],
    // The rules that the console creates by default.
    outbound_rules: ["tcp", "udp", "icmp"].map((protocol) => {
      return { protocol, ports: "all", destinations: everybody };
    }),
  };
}

/** The object that the API has created. The name of its kind is the key. */
interface Made {
  readonly ssh_key: { readonly id: number };
  readonly droplet: { readonly id: number };
}

async function post(path: string, body: object): Promise<Made> {
  const answer = await fetch(`${fakeCloud.url}/v2/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${fakeCloud.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return JSON.parse((await answer.text()) || "{}") as Made;
}
