import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { tagsOf } from "../../src/host-kinds/droplet/preflight-protocol.ts";
import { UNKNOWN } from "../../src/provider/wire/values.ts";
import { AGENT, failureOf, ID, iris, makeRig, type Rig, urnOf } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.stop());

const HOST = urnOf("DropletHost", "hub");
const wanted = { host: "hub", machine: "7", address: "192.0.2.7", hostKey: UNKNOWN };
const met = { host: "hub", machine: "7", address: "192.0.2.7", hostKey: "ssh-ed25519 AAAA" };

describe("a droplet's host", () => {
  it("is contacted once its droplet exists, and its pinned host key is returned", async () => {
    const { id, state } = await rig.engine.create(HOST, wanted);
    expect({ id, state }).toEqual({ id: "hub", state: met });
    expect(rig.droplets.get("hub")).toMatchObject({ machine: "7", address: "192.0.2.7" });
  });

  it("passes on a host key that the vendor's remote commands can use, even if an RSA key is listed first", async () => {
    const hostKeys = ["ssh-rsa AAAA", "ssh-ed25519 BBBB"];
    rig.droplets.set("hub", { machine: "7", address: "192.0.2.7", hostKeys });
    const { state } = await rig.engine.read(HOST, "hub", { inputs: wanted, state: met });
    expect(state["hostKey"]).toBe("ssh-ed25519 BBBB");
  });

  it("reports in the first preview that its address is not known yet, and contacts no host", async () => {
    await rig.engine.create(HOST, { host: "hub", machine: UNKNOWN, address: UNKNOWN }, true);
    expect(rig.engine.messages[0]?.message).toMatch(/^hub gets its address from DigitalOcean during `up`/);
    expect(rig.droplets.size).toBe(0);
  });

  it("is contacted again at its new address when the address changes", async () => {
    await rig.engine.create(HOST, wanted);
    const moved = { ...wanted, address: "192.0.2.8" };
    const seen = await rig.engine.read(HOST, "hub", { inputs: wanted, state: met });
    expect(await rig.engine.diff(HOST, seen.state, moved)).toEqual({ address: "update" });
    await rig.engine.update(HOST, seen.state, moved);
    expect(rig.droplets.get("hub")?.address).toBe("192.0.2.8");
  });

  it("is reported as gone, and therefore created again, if the inventory does not contain it", async () => {
    expect((await rig.engine.read(HOST, "hub", { inputs: wanted, state: met })).id).toBe("");
  });

  it("gets all of its resources again if it has a new droplet", async () => {
    const before = { ...iris, machine: "7" };
    await rig.engine.create(AGENT, before);
    const { state } = await rig.engine.read(AGENT, ID, { inputs: before, state: before });
    expect(await rig.engine.diff(AGENT, state, before)).toEqual({});
    expect(await rig.engine.diff(AGENT, state, { ...before, machine: "8" })).toEqual({
      machine: "update",
    });
  });
});

describe("the check before droplets are declared", () => {
  const DROPLET = {
    id: 7,
    name: "hub",
    tags: tagsOf("fleet/dev", "hub"),
    size_slug: "s-1vcpu-2gb",
    features: [],
  };

  it("finds existing droplets, and reports adopted droplets and costs", async () => {
    const api = await fakeApi({ droplets: [DROPLET] });
    const answer = await rig.engine.invoke("muster:index:cloud", cloudRequest(api, { size: "s-2vcpu-4gb" }));
    expect(answer["droplets"]).toEqual({ hub: { id: "7", isReplaced: false, isResized: true } });
    expect(rig.engine.messages.map(({ message }) => message)).toEqual([
      "hub: droplet 7 has the tag of this host, so it is adopted and no new droplet is created.",
      "Monthly cost: $12.00 before, $24.00 after (hub $12.00 → $24.00).",
    ]);
  });

  it("includes backups in the costs, and warns if the droplets would exceed the quota", async () => {
    const api = await fakeApi({ limit: 0 });
    await rig.engine.invoke("muster:index:cloud", cloudRequest(api, { backups: true }));
    const messages = rig.engine.messages.map(({ message }) => message);
    expect(messages[0]).toMatch(
      /^The account's limit is 0 droplets and the account has 0, so 1 more cannot be created\./,
    );
    expect(messages[1]).toBe("Monthly cost: $0.00 before, $14.40 after (hub $0.00 → $14.40).");
  });

  it("reports a manually deleted droplet as gone, and keeps its ID", async () => {
    rig.droplets.set("hub", { machine: "9", address: "192.0.2.9", hostKeys: [] });
    const answer = await rig.engine.invoke("muster:index:cloud", cloudRequest(await fakeApi({}), {}));
    expect(answer["droplets"]).toEqual({ hub: { id: "9", isReplaced: false } });
    expect(rig.engine.messages[0]?.message).toMatch(
      /^hub: droplet 9 is gone: .* For a new droplet, write `replace: `/,
    );
  });

  it("reports each droplet that would be replaced, and the data that would be lost", async () => {
    rig.droplets.set("hub", { machine: "7", address: "192.0.2.7", hostKeys: [] });
    await rig.engine.create(AGENT, iris);
    const api = await fakeApi({ droplets: [DROPLET] });
    await rig.engine.invoke("muster:index:cloud", cloudRequest(api, { replace: "disk is broken" }));
    expect(rig.engine.messages[0]?.message).toMatch(
      /^hub: `up` creates a new droplet and then deletes droplet 7 .*: iris, with home and data\..* disk is broken\./,
    );
  });

  const refused: [what: string, status: number, sentence: RegExp][] = [
    [
      "an unknown token",
      401,
      /it does not accept the token.*`npx pulumi config set --secret digitalocean:token`/,
    ],
    [
      "a token without rights",
      403,
      /the token is not allowed to read \/v2\/.* Give the token read and write rights/,
    ],
    ["too many requests", 429, /too many requests/],
    ["an API that is down", 503, /it answered \/v2\/\S+ with an error: .*\(503\).* Run this again later/],
  ];
  it.each(refused)("reports %s and prevents any declaration", async (_, status, sentence) => {
    const api = await fakeApi({ status });
    const failure = await failureOf(rig.engine.invoke("muster:index:cloud", cloudRequest(api, {})));
    expect(failure.details).toMatch(sentence);
    expect(failure.details).not.toContain("canary-token");
  });

  it("reports a missing token without sending a request", async () => {
    const failure = await failureOf(
      rig.engine.invoke("muster:index:cloud", cloudRequest("http://127.0.0.1:1", {}, "")),
    );
    expect(failure.details).toContain("there is no DigitalOcean token");
  });
});

function cloudRequest(url: string, droplet: object, token = "canary-token") {
  const hub = {
    host: "hub",
    formerly: [],
    isHeld: false,
    region: "nyc3",
    size: "s-1vcpu-2gb",
    image: "debian-12-x64",
  };
  return {
    owner: "fleet/dev",
    api: { url, token },
    keys: {},
    droplets: [{ ...hub, backups: false, reservedIp: false, volumes: {}, ...droplet }],
  };
}

/** Starts a server that answers the check's requests as the API does. @returns its URL */
async function fakeApi(state: { droplets?: object[]; limit?: number; status?: number }): Promise<string> {
  const { droplets = [], limit = 25, status = 200 } = state;
  const sizes = [
    { slug: "s-1vcpu-2gb", price_monthly: 12 },
    { slug: "s-2vcpu-4gb", price_monthly: 24 },
  ];
  const lists = {
    droplets,
    sizes,
    ssh_keys: [],
    firewalls: [],
    reserved_ips: [],
    account: { droplet_limit: limit },
  };
  const server: Server = createServer((request, response) => {
    const isGone = /\/droplets\/\d/.test(request.url ?? "");
    response.statusCode = isGone ? 404 : status;
    if (status !== 200) response.setHeader("retry-after", "0");
    response.end(JSON.stringify(status === 200 ? lists : { id: "no", message: "Refused." }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
