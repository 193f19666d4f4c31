import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "./index.ts";
import { noMachines } from "./machines/no-machines.ts";

/** Public keys that nobody uses. */
const [KEY, OTHER] = ["A", "B"].map((letter) => {
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from("ssh-ed25519"),
    Buffer.alloc(36, letter),
  ]);
  return `ssh-ed25519 ${blob.toString("base64")} ${letter}@example.org`;
});
const ORDER = { name: "hub", region: "fra1", size: "s-1vcpu-1gb", image: "debian-12-x64" };
const RULE = { protocol: "tcp", ports: "22", sources: { addresses: ["198.51.100.0/24"] } };

/** Milliseconds, long enough to observe an intermediate state on a busy machine. */
const SHORT = 500;
const PATIENT = { timeout: 10_000 };

let dir: string;
let cloud: Cloud;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
  cloud = await startCloud({ dir, machines: noMachines() });
});

afterEach(async () => {
  await cloud.stop();
  rmSync(dir, { recursive: true });
});

interface Said {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the responses of the API
  readonly body: any;
  readonly headers: Headers;
}

async function ask(method: string, path: string, body?: object, token = cloud.token): Promise<Said> {
  const response = await fetch(`${cloud.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}

const get = (path: string) => ask("GET", path);
const post = (path: string, body: object) => ask("POST", path, body);

/** Converts an address to the number that an action returns instead of an ID. */
const numberOf = (address: string) => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);

async function made(order: object = {}): Promise<number> {
  const { status, body } = await post("/v2/droplets", { ...ORDER, ...order });
  expect(status).toBe(202);
  await cloud.admin.settled();
  return body.droplet.id;
}

describe("a droplet", () => {
  test("has an address only once it is active", async () => {
    cloud.admin.slow(SHORT);
    const { body } = await post("/v2/droplets", { ...ORDER, tags: ["fleet"], ipv6: true, monitoring: true });
    expect(body.droplet).toMatchObject({ status: "new", networks: { v4: [], v6: [] }, tags: ["fleet"] });
    const { id } = body.links.actions[0];
    expect((await get(`/v2/actions/${id}`)).body.action).toMatchObject({
      type: "create",
      status: "in-progress",
    });
    await cloud.admin.settled();
    expect((await get(`/v2/actions/${id}`)).body.action.status).toBe("completed");
    const { droplet } = (await get(`/v2/droplets/${body.droplet.id}`)).body;
    expect(droplet).toMatchObject({
      status: "active",
      size_slug: "s-1vcpu-1gb",
      size: { price_monthly: 6, price_hourly: 0.00893 },
      region: { slug: "fra1" },
      image: { slug: "debian-12-x64" },
      features: ["droplet_agent", "private_networking", "ipv6", "monitoring"],
    });
    expect(droplet.networks.v4.map((one: { type: string }) => one.type)).toEqual(["public", "private"]);
    expect(droplet.networks.v6).toHaveLength(1);
  });

  test("can be created together with other droplets, found by its tag, and listed in pages", async () => {
    await post("/v2/droplets", { ...ORDER, name: undefined, names: ["a", "b", "c"], tags: ["fleet"] });
    await made({ name: "other" });
    const tagged = await get("/v2/droplets?tag_name=fleet&per_page=2");
    expect(tagged.body).toMatchObject({ droplets: [{ name: "a" }, { name: "b" }], meta: { total: 3 } });
    const next = new URL(tagged.body.links.pages.next);
    expect(next.origin).toBe(cloud.url);
    expect((await get(next.pathname + next.search)).body).toMatchObject({
      droplets: [{ name: "c" }],
      links: { pages: { prev: expect.stringContaining("page=1") } },
    });
    expect((await get("/v2/droplets?name=other")).body.droplets).toHaveLength(1);
    expect((await ask("DELETE", "/v2/droplets?tag_name=fleet")).status).toBe(204);
    expect(cloud.admin.counts()).toMatchObject({ dropletsMade: 4, dropletsNow: 1 });
  });

  test.each([
    [{ name: "" }, "Name can't be blank"],
    [{ name: "my_host" }, "Only valid hostname characters are allowed"],
    [{ region: "mars1" }, "invalid region"],
    [{ size: "s-0vcpu" }, "invalid size"],
    [{ image: "windows" }, "invalid image"],
    [{ ssh_keys: [42] }, "42 are invalid key identifiers"],
    [{ tags: ["a b"] }, "Tags may contain"],
    [{ user_data: "x".repeat(70_000) }, "64 KiB"],
    [{ vpc_uuid: "no" }, "does not exist"],
  ])("is refused with status 422 if the request has %j", async (wrong, words) => {
    const { status, body } = await post("/v2/droplets", { ...ORDER, ...wrong });
    expect([status, body.id]).toEqual([422, "unprocessable_entity"]);
    expect(body.message).toContain(words);
    expect(cloud.admin.counts().dropletsMade).toBe(0);
  });

  test("can be resized only while it is powered off, and accepts only one action at a time", async () => {
    const id = await made();
    const act = (body: object) => post(`/v2/droplets/${id}/actions`, body);
    expect((await act({ type: "resize", size: "s-1vcpu-2gb" })).body.message).toContain("powered off");
    cloud.admin.slow(SHORT);
    expect((await act({ type: "power_off" })).status).toBe(201);
    expect((await act({ type: "rename", name: "new" })).body.message).toBe(
      "Droplet already has a pending event.",
    );
    expect((await ask("DELETE", `/v2/droplets/${id}`)).status).toBe(422);
    await cloud.admin.settled();
    expect((await act({ type: "power_off" })).body.message).toBe("Droplet is already powered off.");
    for (const body of [{ type: "resize", size: "s-1vcpu-2gb" }, { type: "power_on" }]) {
      expect((await act(body)).status).toBe(201);
      await cloud.admin.settled();
    }
    const droplet = (await get(`/v2/droplets/${id}`)).body.droplet;
    expect(droplet).toMatchObject({ status: "active", size_slug: "s-1vcpu-2gb" });
    expect((await act({ type: "dance" })).status).toBe(422);
  });

  test("keeps its disk size in a resize without the disk, and can therefore return to its former size", async () => {
    const id = await made({ size: "s-1vcpu-1gb" });
    const resize = async (size: string, disk: boolean) => {
      if ((await get(`/v2/droplets/${id}`)).body.droplet.status !== "off") {
        await post(`/v2/droplets/${id}/actions`, { type: "power_off" });
        await cloud.admin.settled();
      }
      const { status } = await post(`/v2/droplets/${id}/actions`, { type: "resize", size, disk });
      await cloud.admin.settled();
      return [status, (await get(`/v2/droplets/${id}`)).body.droplet.disk];
    };
    expect(await resize("s-1vcpu-2gb", false)).toEqual([201, 25]);
    expect(await resize("s-1vcpu-1gb", false)).toEqual([201, 25]);
    expect(await resize("s-1vcpu-2gb", true)).toEqual([201, 50]);
    expect(await resize("s-1vcpu-1gb", false)).toEqual([422, 50]);
  });

  test("shows a tag in the spelling of its first use, and finds the tag in any spelling", async () => {
    await made({ tags: ["Fleet"] });
    const id = await made({ tags: ["fleet"] });
    expect((await get(`/v2/droplets/${id}`)).body.droplet.tags).toEqual(["Fleet"]);
    expect((await get("/v2/droplets?tag_name=FLEET")).body.droplets).toHaveLength(2);
    cloud.admin.editDroplet(id, { tags: ["new"] });
    const resources = [{ resource_id: String(id), resource_type: "droplet" }];
    expect((await ask("DELETE", "/v2/tags/NEW/resources", { resources })).status).toBe(204);
    expect((await get(`/v2/droplets/${id}`)).body.droplet.tags).toEqual([]);
  });

  test("is reported with status 404 once it is deleted", async () => {
    const id = await made();
    expect((await ask("DELETE", `/v2/droplets/${id}`)).status).toBe(204);
    expect((await get(`/v2/droplets/${id}`)).body).toMatchObject({
      id: "not_found",
      request_id: expect.any(String),
    });
    expect((await ask("DELETE", `/v2/droplets/${id}`)).status).toBe(404);
  });

  test("can be deleted even if it never becomes active", async () => {
    cloud.admin.nextDroplets("stuck");
    const id = await made();
    expect((await get(`/v2/droplets/${id}`)).body.droplet.status).toBe("new");
    expect((await ask("DELETE", `/v2/droplets/${id}`)).status).toBe(204);
    expect((await get(`/v2/droplets/${await made()}`)).body.droplet.status).toBe("active");
  });
});

describe("the cloud double", () => {
  test("finds a key by its ID and by its fingerprint, and does not add a key twice", async () => {
    const { body, status } = await post("/v2/account/keys", { name: "fleet", public_key: KEY });
    expect(status).toBe(201);
    const { id, fingerprint } = body.ssh_key;
    expect(fingerprint).toMatch(/^(?:[0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    expect((await get(`/v2/account/keys/${fingerprint}`)).body.ssh_key.id).toBe(id);
    const again = await post("/v2/account/keys", { name: "again", public_key: `${KEY} x` });
    expect([again.status, again.body.message]).toEqual([422, "SSH Key is already in use on your account"]);
    expect((await post("/v2/account/keys", { name: "bad", public_key: "ssh-ed25519 AAAA" })).status).toBe(
      422,
    );
    await post("/v2/account/keys", { name: "other", public_key: OTHER });
    await made({ ssh_keys: [id, fingerprint] });
    expect((await ask("PUT", `/v2/account/keys/${id}`, { name: "renamed" })).body.ssh_key.name).toBe(
      "renamed",
    );
    expect((await ask("DELETE", `/v2/account/keys/${id}`)).status).toBe(204);
    expect((await get("/v2/account/keys")).body.ssh_keys).toHaveLength(1);
  });

  test("applies a firewall to droplets and tags, and returns the ports `all` as `0`", async () => {
    const id = await made({ tags: ["fleet"] });
    const rules = { inbound_rules: [RULE], outbound_rules: [] };
    const { body, status } = await post("/v2/firewalls", { name: "hub", ...rules, droplet_ids: [id] });
    expect(status).toBe(202);
    const path = `/v2/firewalls/${body.firewall.id}`;
    expect((await get(`/v2/droplets/${id}/firewalls`)).body.firewalls).toHaveLength(1);
    expect((await post("/v2/firewalls", { name: "hub", ...rules })).status).toBe(409);
    const all = { ...RULE, ports: "all" };
    expect((await post(`${path}/rules`, { inbound_rules: [all] })).status).toBe(204);
    expect(
      (await get(path)).body.firewall.inbound_rules.map((rule: { ports: string }) => rule.ports),
    ).toEqual(["22", "0"]);
    const put = await ask("PUT", path, { name: "hub", ...rules, tags: ["fleet"] });
    expect(put.body.firewall).toMatchObject({ droplet_ids: [], tags: ["fleet"], inbound_rules: [RULE] });
    for (const wrong of [
      [],
      [{ ...RULE, ports: "99999x" }],
      [{ ...RULE, protocol: "gre" }],
      [{ ...RULE, sources: {} }],
    ]) {
      expect((await ask("PUT", path, { name: "hub", inbound_rules: wrong })).status).toBe(422);
    }
  });

  test("assigns a reserved IP only to a droplet in the same region, and frees the IP when the droplet is deleted", async () => {
    const [near, far] = [await made(), await made({ region: "nyc3" })];
    const { body } = await post("/v2/reserved_ips", { region: "fra1" });
    const path = `/v2/reserved_ips/${body.reserved_ip.ip}`;
    const assign = (droplet_id: number) => post(`${path}/actions`, { type: "assign", droplet_id });
    expect((await assign(far)).status).toBe(422);
    expect((await assign(near)).body.action).toMatchObject({
      status: "in-progress",
      resource_id: numberOf(body.reserved_ip.ip),
    });
    await cloud.admin.settled();
    expect((await get(path)).body.reserved_ip.droplet.id).toBe(near);
    const more = (await post("/v2/reserved_ips", { region: "fra1" })).body.reserved_ip.ip;
    const second = await post(`/v2/reserved_ips/${more}/actions`, { type: "assign", droplet_id: near });
    expect(second.body.message).toBe("The Droplet already has a reserved IP assigned.");
    await post("/v2/reserved_ips", { region: "fra1" });
    expect((await post("/v2/reserved_ips", { region: "fra1" })).status).toBe(422);
    await cloud.admin.deleteDroplet(near);
    expect((await get(path)).body.reserved_ip.droplet).toBeNull();
    expect((await post(`${path}/actions`, { type: "unassign" })).status).toBe(422);
    expect((await ask("DELETE", path)).status).toBe(204);
  });

  test("attaches a volume to only one droplet at a time, and deletes only a detached volume", async () => {
    const [one, two] = [await made(), await made()];
    const order = { name: "data", region: "fra1", size_gigabytes: 10 };
    const path = `/v2/volumes/${(await post("/v2/volumes", order)).body.volume.id}`;
    expect((await post("/v2/volumes", order)).status).toBe(409);
    const act = (body: object) => post(`${path}/actions`, body);
    expect((await act({ type: "attach", droplet_id: one })).body.action.resource_id).toBeNull();
    await cloud.admin.settled();
    expect((await act({ type: "attach", droplet_id: two })).status).toBe(422);
    expect((await get(`/v2/droplets/${one}`)).body.droplet.volume_ids).toHaveLength(1);
    expect((await ask("DELETE", path)).status).toBe(409);
    expect((await act({ type: "resize", size_gigabytes: 5 })).status).toBe(422);
    cloud.admin.slow(SHORT);
    await act({ type: "detach", droplet_id: one });
    const rename = { type: "rename", name: "new" };
    expect((await post(`/v2/droplets/${one}/actions`, rename)).body.message).toContain("pending event");
    await cloud.admin.settled();
    cloud.admin.slow(0);
    await act({ type: "attach", droplet_id: one });
    await cloud.admin.settled();
    await act({ type: "detach", droplet_id: one });
    await cloud.admin.settled();
    expect((await ask("DELETE", path)).status).toBe(204);
  });

  test("lists the members of tags, projects and private networks", async () => {
    const id = await made();
    await post("/v2/tags", { name: "fleet" });
    const resources = [{ resource_id: String(id), resource_type: "droplet" }];
    expect((await post("/v2/tags/fleet/resources", { resources })).status).toBe(204);
    expect((await get("/v2/tags/fleet")).body.tag.resources.droplets.count).toBe(1);
    const { project } = (await post("/v2/projects", { name: "fleet", purpose: "agents" })).body;
    await post(`/v2/projects/${project.id}/resources`, { resources: [`do:droplet:${id}`] });
    expect((await ask("DELETE", `/v2/projects/${project.id}`)).status).toBe(412);
    await post("/v2/projects/default/resources", { resources: [`do:droplet:${id}`] });
    expect((await ask("DELETE", `/v2/projects/${project.id}`)).status).toBe(204);
    const { vpc } = (await post("/v2/vpcs", { name: "fleet", region: "fra1" })).body;
    const inside = await made({ vpc_uuid: vpc.id });
    expect((await get(`/v2/vpcs/${vpc.id}/members`)).body.members[0].urn).toBe(`do:droplet:${inside}`);
    expect((await ask("DELETE", `/v2/vpcs/${vpc.id}`)).status).toBe(409);
  });

  test("lists sizes with their prices", async () => {
    expect((await get("/v2/sizes")).body.sizes[0]).toMatchObject({ price_monthly: 4, price_hourly: 0.00595 });
    expect((await get("/v2/images/debian-12-x64")).body.image.distribution).toBe("Debian");
    expect((await get("/v2/regions")).body.meta.total).toBeGreaterThan(5);
  });
});

describe("a cloud double with faults", () => {
  test("refuses unknown tokens, revoked tokens, and writes with a read-only token", async () => {
    expect((await ask("GET", "/v2/account", undefined, "no")).status).toBe(401);
    const reader = cloud.admin.makeToken("read");
    expect((await ask("GET", "/v2/account", undefined, reader)).status).toBe(200);
    expect((await ask("POST", "/v2/droplets", ORDER, reader)).body.id).toBe("forbidden");
    cloud.admin.revoke(reader);
    expect((await ask("GET", "/v2/account", undefined, reader)).status).toBe(401);
  });

  test("refuses droplets above the quota", async () => {
    cloud.admin.dropletLimit(1);
    await made();
    expect((await get("/v2/account")).body.account.droplet_limit).toBe(1);
    const { status, body } = await post("/v2/droplets", ORDER);
    expect([status, body.message]).toEqual([
      422,
      "creating this/these droplet(s) will exceed your droplet limit",
    ]);
  });

  test("refuses requests above the rate limit, and says how long to wait", async () => {
    cloud.admin.fault({ match: "^POST /v2/droplets$", status: 429, retryAfter: 2, times: 2 });
    for (let n = 0; n < 2; n++) {
      const { status, headers } = await post("/v2/droplets", ORDER);
      expect([status, headers.get("retry-after"), headers.get("ratelimit-remaining")]).toEqual([
        429,
        "2",
        "0",
      ]);
    }
    expect((await get("/v2/account")).headers.get("ratelimit-limit")).toBe("5000");
    await made();
  });

  test("accepts only a limited number of requests per minute, or per shorter period, if a test sets this limit", async () => {
    const retryAfter = async (seconds?: number) => {
      cloud.admin.limitRequests(0, seconds);
      const { status, headers } = await get("/v2/account");
      expect(status).toBe(429);
      return Number(headers.get("retry-after"));
    };
    await get("/v2/account");
    expect(await retryAfter()).toBeGreaterThan(0);
    expect(await retryAfter(5)).toBeLessThanOrEqual(5);
    cloud.admin.limitRequests(Number.POSITIVE_INFINITY);
  });

  test("can be down, can be slow, and can close a connection before or after the work of a request", async () => {
    const number = cloud.admin.fault({ status: 503 });
    expect((await get("/v2/account")).status).toBe(503);
    cloud.admin.heal(number);
    cloud.admin.fault({ delay: 100, times: 1 });
    const started = Date.now();
    expect((await get("/v2/account")).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(99);
    for (const [cut, droplets] of [
      ["before", 0],
      ["after", 1],
    ] as const) {
      cloud.admin.fault({ match: "POST", cut, times: 1 });
      await expect(post("/v2/droplets", ORDER)).rejects.toThrow();
      expect(cloud.admin.counts().dropletsMade).toBe(droplets);
    }
  });

  test("can show a new object late, and a deleted object for some time", async () => {
    cloud.admin.lag(SHORT);
    const id = await made();
    expect((await get(`/v2/droplets/${id}`)).status).toBe(404);
    await expect.poll(async () => (await get(`/v2/droplets/${id}`)).status, PATIENT).toBe(200);
    await ask("DELETE", `/v2/droplets/${id}`);
    expect((await get(`/v2/droplets/${id}`)).status).toBe(200);
    await expect.poll(async () => (await get(`/v2/droplets/${id}`)).status, PATIENT).toBe(404);
  });

  test("keeps its data if it is killed, and completes unfinished droplets after a restart", async () => {
    cloud.admin.slow(60_000);
    const { body } = await post("/v2/droplets", ORDER);
    const other = await startCloud({ dir, machines: noMachines() });
    await other.admin.settled();
    expect(other.token).toBe(cloud.token);
    expect(other.admin.droplets()).toMatchObject([{ id: body.droplet.id, status: "active" }]);
    expect(other.admin.counts()).toMatchObject({ dropletsMade: 1, requests: { "POST /v2/droplets": 1 } });
    await other.stop();
    cloud.admin.slow(0);
    cloud = await startCloud({ dir, machines: noMachines() });
  });
});

test("the console of the cloud double can also be used over HTTP", async () => {
  await made();
  const call = async (name: string, args: unknown[]) => {
    const options = { method: "POST", body: JSON.stringify(args) };
    return (await fetch(`${cloud.url}/admin/${name}`, options)).json();
  };
  expect(await call("counts", [])).toMatchObject({ dropletsNow: 1 });
  expect(await call("makeToken", ["read"])).toMatch(/^dop_v1_/);
  await call("fault", [{ status: 500, times: 1 }]);
  expect((await get("/v2/account")).status).toBe(500);
});
