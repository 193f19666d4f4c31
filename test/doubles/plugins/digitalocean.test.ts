import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../cloud/index.ts";
import { noMachines } from "../cloud/machines/no-machines.ts";
import { type Engine, initFailed, type Json } from "../engine.ts";
import { failureOf, type RunningPlugin, startPlugin } from "./support.ts";

let dir: string;
let cloud: Cloud;
let plugin: RunningPlugin;
let engine: Engine;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
  cloud = await startCloud({ dir, machines: noMachines() });
  plugin = await startPlugin("digitalocean", {
    DIGITALOCEAN_API_URL: cloud.url,
    DIGITALOCEAN_HTTP_RETRY_WAIT_MIN: "0.01",
    DIGITALOCEAN_HTTP_RETRY_MAX: "2",
    STAND_IN_PACE: "0.01",
  });
  ({ engine } = plugin);
  await engine.configure({ token: cloud.token, apiEndpoint: cloud.url });
});

afterAll(async () => {
  await plugin.stop();
  await cloud.stop();
  rmSync(dir, { recursive: true });
});

const KEY = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.alloc(36)]).toString("base64")}`;

const urn = (type: string, name = "hub"): string => {
  const module = `${type[0]?.toLowerCase()}${type.slice(1)}`;
  return `urn:pulumi:test::sky::digitalocean:index/${module}:${type}::${name}`;
};

const DROPLET = {
  name: "hub",
  region: "fra1",
  size: "s-1vcpu-1gb",
  image: "debian-12-x64",
  userData: "#cloud-config\n",
  tags: ["b", "a"],
};

const made = (type: string, inputs: Json) => plugin.made(urn(type), inputs);

describe("a droplet", () => {
  let droplet: { id: string; inputs: Json; state: Json };
  const diff = (change: Json) => engine.diff(urn("Droplet"), droplet.state, { ...droplet.inputs, ...change });

  beforeAll(async () => {
    droplet = await made("Droplet", DROPLET);
  });

  test("has unknown outputs in a preview if only the cloud knows their values", async () => {
    const { inputs } = await engine.check(urn("Droplet"), { image: "debian-12-x64", size: "s-1vcpu-1gb" });
    expect(inputs).toMatchObject({ name: expect.stringMatching(/^hub-[0-9a-f]{7}$/), backups: false });
    const { state } = await engine.create(urn("Droplet"), inputs, true);
    expect(new Set([state["ipv4Address"], state["region"], state["status"]]).size).toBe(1);
    expect(cloud.admin.counts().dropletsMade).toBe(1);
  });

  test("has the outputs that the API returns, and its state contains only a digest of user_data", () => {
    expect(droplet.state).toMatchObject({
      ipv4Address: expect.stringMatching(/^192\.0\.2\./),
      dropletUrn: `do:droplet:${droplet.id}`,
      priceMonthly: 6,
      status: "active",
      userData: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });

  test.each<[string, Json, Record<string, string>]>([
    ["nothing", {}, {}],
    ["the order of tags", { tags: ["a", "b"] }, {}],
    ["the case of a region", { region: "FRA1" }, {}],
    ["a size", { size: "s-1vcpu-2gb" }, { size: "update" }],
    ["a name", { name: "new" }, { name: "update" }],
    ["the case of a tag", { tags: ["B", "a"] }, {}],
    ["a tag", { tags: ["b", "c"] }, { "tags[1]": "update" }],
    ["an image", { image: "debian-13-x64" }, { image: "update, replace" }],
    ["a region", { region: "nyc3" }, { region: "update, replace" }],
    ["user_data", { userData: "#cloud-config\n\n" }, { userData: "update, replace" }],
    ["keys", { sshKeys: ["1"] }, { sshKeys: "add, replace" }],
    ["monitoring", { monitoring: true }, { monitoring: "update, replace" }],
    ["IPv6", { ipv6: true }, { ipv6: "update" }],
    ["backups", { backups: true }, { backups: "update" }],
  ])("shows the same difference as the real plugin after a change of %s", async (_, change, changes) => {
    expect(await diff(change)).toEqual(changes);
  });

  test("is deleted before its replacement is created if both would have the same name", async () => {
    const response = await engine.diffResponse(urn("Droplet"), droplet.state, {
      ...droplet.inputs,
      image: "9",
    });
    expect(response.getDeletebeforereplace()).toBe(true);
  });

  test("gets the cloud's current values in a refresh, and is reported as missing if it was deleted", async () => {
    cloud.admin.editDroplet(Number(droplet.id), { tags: ["a"] });
    const seen = await engine.read(urn("Droplet"), droplet.id, droplet);
    expect(seen.inputs).toEqual({ ...droplet.inputs, tags: ["a"] });
    const imported = await engine.read(urn("Droplet"), droplet.id, { inputs: {}, state: {} });
    expect(imported.inputs).toMatchObject({ name: "hub", image: "debian-12-x64", size: "s-1vcpu-1gb" });
    await cloud.admin.deleteDroplet(Number(droplet.id));
    expect((await engine.read(urn("Droplet"), droplet.id, droplet)).id).toBe("");
  });

  test("can be changed in place, and can be deleted", async () => {
    const { id, inputs, state } = await made("Droplet", { ...DROPLET, name: "west" });
    const news = { ...inputs, size: "s-2vcpu-2gb", name: "east", tags: ["c"], ipv6: true, backups: true };
    const updated = await engine.update(urn("Droplet"), state, news, false, id);
    expect(updated.state).toMatchObject({ size: "s-2vcpu-2gb", name: "east", tags: ["c"], status: "active" });
    expect(await engine.diff(urn("Droplet"), updated.state, news)).toEqual({});
    await engine.delete(urn("Droplet"), id, updated.state);
    expect(cloud.admin.droplets()).toEqual([]);
    const again = await failureOf(engine.delete(urn("Droplet"), id, updated.state));
    expect(again.details).toContain("Error waiting for droplet to be unlocked for destroy");
  });

  test("is kept in the state with its ID and an error if it does not become active before the timeout", async () => {
    cloud.admin.nextDroplets("stuck");
    const { inputs } = await engine.check(urn("Droplet"), DROPLET);
    const failed = await failureOf(engine.create(urn("Droplet"), inputs, false, 1));
    const [stuck] = cloud.admin.droplets();
    expect(initFailed(failed)).toMatchObject({
      id: String(stuck?.id),
      reasons: [
        expect.stringMatching(/Error waiting for droplet \(\d+\) to become ready: context deadline exceeded/),
      ],
    });
    await engine.delete(urn("Droplet"), String(stuck?.id), {});
  });
});

describe("a reserved IP", () => {
  const address = { region: "fra1" };

  test("keeps its droplet in the state if it was unassigned, and only its assignment is reported as missing", async () => {
    const { id: droplet, state: ofDroplet } = await made("Droplet", { ...DROPLET, name: "led" });
    const dropletId = Number(droplet);
    const reserved = await made("ReservedIp", { ...address, dropletId });
    const inputs = { ipAddress: reserved.id, dropletId };
    const held = await engine.read(urn("ReservedIpAssignment"), `${reserved.id},${droplet}`, {
      ...{ inputs: {}, state: {} },
    });
    expect(held.id).toMatch(new RegExp(`^${droplet}-${reserved.id}-`));
    await fetch(`${cloud.url}/v2/reserved_ips/${reserved.id}/actions`, {
      method: "POST",
      headers: { authorization: `Bearer ${cloud.token}` },
      body: JSON.stringify({ type: "unassign" }),
    });
    await cloud.admin.settled();
    const seen = await engine.read(urn("ReservedIp"), reserved.id, reserved);
    expect(seen.state["dropletId"]).toBe(dropletId);
    const lost = await engine.read(urn("ReservedIpAssignment"), held.id, { inputs, state: inputs });
    expect(lost.id).toBe("");
    await engine.delete(urn("ReservedIp"), reserved.id, reserved.state);
    await engine.delete(urn("Droplet"), droplet, ofDroplet);
  });

  test("remains in the state with the error if the request after its creation fails", async () => {
    cloud.admin.fault({ match: "^GET /v2/reserved_ips/", status: 503, times: 3 });
    const { inputs } = await engine.check(urn("ReservedIp"), address);
    const failed = await failureOf(engine.create(urn("ReservedIp"), inputs));
    const [{ ip = "" } = {}] = cloud.admin.reservedIps() as { ip?: string }[];
    expect(initFailed(failed)).toMatchObject({ id: ip });
    await engine.delete(urn("ReservedIp"), ip, { ipAddress: ip });
  });
});

describe("the DigitalOcean stand-in", () => {
  const create = async (inputs: Json) => failureOf(engine.create(urn("Droplet"), inputs));

  test("reports a refusal by the API in the real plugin's words, with the request's ID", async () => {
    const { details } = await create({ ...DROPLET, size: "huge" });
    expect(details).toMatch(
      /^1 error occurred:\n\t\* Error creating droplet: POST http:\/\/127\.0\.0\.1:\d+\/v2\/droplets: 422 \(request "[0-9a-f-]{36}"\) You specified an invalid size/,
    );
  });

  test("reports an unavailable API in the real plugin's words, after several attempts", async () => {
    cloud.admin.fault({ match: "POST", status: 503 });
    const { details } = await create(DROPLET);
    cloud.admin.heal();
    expect(details).toMatch(
      /: 503 \(request ".*"\) Service is temporarily unavailable; giving up after 3 attempt\(s\)/,
    );
  });

  test("repeats rate-limited requests and reports no error", async () => {
    cloud.admin.fault({ match: "POST /v2/account/keys", status: 429, retryAfter: 0, times: 2 });
    const { id, state } = await made("SshKey", { name: "fleet", publicKey: `${KEY} fleet\n` });
    await engine.delete(urn("SshKey"), id, state);
  });

  test("repeats a request if its response was lost, and therefore creates a second droplet", async () => {
    const before = cloud.admin.counts().dropletsMade;
    cloud.admin.fault({ match: "POST /v2/droplets$", cut: "after", times: 1 });
    const { id, state } = await made("Droplet", { ...DROPLET, name: "twice" });
    expect(cloud.admin.counts().dropletsMade).toBe(before + 2);
    await engine.delete(urn("Droplet"), id, state);
    for (const { id: left } of cloud.admin.droplets()) await cloud.admin.deleteDroplet(left);
  });

  test("refuses a smaller volume size, and a firewall without rules, in the real plugin's words", async () => {
    const { failures } = await engine.check(urn("Firewall"), { name: "hub" });
    expect(failures).toMatchObject([{ reason: "At least one rule must be specified" }]);
    const { details } = await failureOf(
      engine.diff(
        urn("Volume"),
        { name: "data", region: "fra1", size: 10 },
        { name: "data", region: "fra1", size: 5 },
      ),
    );
    expect(details).toContain("can only be expanded");
  });

  test("refuses empty IDs before anything is created, like the real plugin", async () => {
    const refused = async (type: string, inputs: Json) =>
      (await engine.check(urn(type), inputs)).failures.map(({ reason }) => reason);
    expect(await refused("VolumeAttachment", { dropletId: 0, volumeId: "" })).toEqual([
      expect.stringContaining('expected "dropletId" must not be zero, got 0'),
      expect.stringContaining('expected "volumeId" must not be zero, got '),
    ]);
    expect(await refused("ReservedIpAssignment", { dropletId: 1, ipAddress: "" })).toEqual([
      expect.stringContaining("to contain a valid IPv4 address"),
    ]);
  });

  test("shows a difference if a firewall rule was added in the console", async () => {
    const { id, inputs, state } = await made("Firewall", {
      name: "hub",
      inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.0/24"] }],
      outboundRules: [{ protocol: "icmp", destinationAddresses: ["0.0.0.0/0"] }],
      tags: ["fleet"],
    });
    expect(await engine.diff(urn("Firewall"), state, inputs)).toEqual({});
    cloud.admin.openFirewall(id, { protocol: "tcp", ports: "8080", addresses: ["0.0.0.0/0"] });
    const seen = await engine.read(urn("Firewall"), id, { inputs, state });
    expect(await engine.diff(urn("Firewall"), seen.state, inputs)).toEqual({ "inboundRules[1]": "delete" });
    const repaired = await engine.update(urn("Firewall"), seen.state, inputs, false, id);
    expect(repaired.state).toEqual(state);
    await engine.delete(urn("Firewall"), id, state);
  });

  test("returns prices, the quota and images from its functions", async () => {
    const sizes = await engine.invoke("digitalocean:index/getSizes:getSizes", {
      filters: [{ key: "slug", values: ["s-1vcpu-1gb"] }],
    });
    expect(sizes["sizes"]).toMatchObject([{ slug: "s-1vcpu-1gb", priceMonthly: 6 }]);
    expect(await engine.invoke("digitalocean:index/getAccount:getAccount", {})).toMatchObject({
      dropletLimit: 25,
    });
    const image = await engine.invoke("digitalocean:index/getImage:getImage", { slug: "debian-12-x64" });
    expect(image).toMatchObject({ distribution: "Debian" });
  });
});
