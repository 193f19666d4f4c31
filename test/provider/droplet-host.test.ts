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
  it("is met once its droplet is there, and gives the key that was pinned", async () => {
    const { id, state } = await rig.engine.create(HOST, wanted);
    expect({ id, state }).toEqual({ id: "hub", state: met });
    expect(rig.droplets.get("hub")).toMatchObject({ machine: "7", address: "192.0.2.7" });
  });

  it("tells in the first preview that its address is not known yet, and contacts nobody", async () => {
    await rig.engine.create(HOST, { host: "hub", machine: UNKNOWN, address: UNKNOWN }, true);
    expect(rig.engine.told[0]?.message).toMatch(/^hub gets its address from DigitalOcean during `up`/);
    expect(rig.droplets.size).toBe(0);
  });

  it("whose address changed is met there", async () => {
    await rig.engine.create(HOST, wanted);
    const moved = { ...wanted, address: "192.0.2.8" };
    const seen = await rig.engine.read(HOST, "hub", { inputs: wanted, state: met });
    expect(await rig.engine.diff(HOST, seen.state, moved)).toEqual({ address: "update" });
    await rig.engine.update(HOST, seen.state, moved);
    expect(rig.droplets.get("hub")?.address).toBe("192.0.2.8");
  });

  it("that nobody has in the inventory any more is met again", async () => {
    expect((await rig.engine.read(HOST, "hub", { inputs: wanted, state: met })).id).toBe("");
  });

  it("on another droplet gets all of its resources anew", async () => {
    const before = { ...iris, machine: "7" };
    await rig.engine.create(AGENT, before);
    const { state } = await rig.engine.read(AGENT, ID, { inputs: before, state: before });
    expect(await rig.engine.diff(AGENT, state, before)).toEqual({});
    expect(await rig.engine.diff(AGENT, state, { ...before, machine: "8" })).toEqual({
      machine: "update",
    });
  });
});

describe("before droplets are declared", () => {
  const DROPLET = {
    id: 7,
    name: "hub",
    tags: tagsOf("fleet/dev", "hub"),
    size_slug: "s-1vcpu-2gb",
    features: [],
  };

  it("what is there is found, and what is gone, kept or paid for is told", async () => {
    const api = await fakeApi({ droplets: [DROPLET] });
    const answer = await rig.engine.invoke("muster:index:cloud", question(api, { size: "s-2vcpu-4gb" }));
    expect(answer["droplets"]).toEqual({ hub: { id: "7", isReplaced: false, isResized: true } });
    expect(rig.engine.told.map(({ message }) => message)).toEqual([
      "hub: droplet 7 has this host's tag, so it is taken up as this host and no other is made.",
      "Costs a month: $12.00 before, $24.00 after (hub $12.00 → $24.00).",
    ]);
  });

  it("a new droplet's backups are paid for, and a quota that is reached is told before it is met", async () => {
    const api = await fakeApi({ limit: 0 });
    await rig.engine.invoke("muster:index:cloud", question(api, { backups: true }));
    const told = rig.engine.told.map(({ message }) => message);
    expect(told[0]).toMatch(/^The account may have 0 droplets and has 0: 1 more cannot be made\./);
    expect(told[1]).toBe("Costs a month: $0.00 before, $14.40 after (hub $0.00 → $14.40).");
  });

  it("one that was deleted by hand is told as gone, and its number is kept", async () => {
    rig.droplets.set("hub", { machine: "9", address: "192.0.2.9", hostKeys: [] });
    const answer = await rig.engine.invoke("muster:index:cloud", question(await fakeApi({}), {}));
    expect(answer["droplets"]).toEqual({ hub: { id: "9", isReplaced: false } });
    expect(rig.engine.told[0]?.message).toMatch(
      /^hub: droplet 9 is gone: .* For a new one write `replace: `/,
    );
  });

  it("one that is to be replaced is told with what goes with it", async () => {
    rig.droplets.set("hub", { machine: "7", address: "192.0.2.7", hostKeys: [] });
    await rig.engine.create(AGENT, iris);
    const api = await fakeApi({ droplets: [DROPLET] });
    await rig.engine.invoke("muster:index:cloud", question(api, { replace: "disk is broken" }));
    expect(rig.engine.told[0]?.message).toMatch(
      /^hub: `up` makes a new droplet and then deletes droplet 7 .*: iris, with home and data\..* disk is broken\./,
    );
  });

  const refused: [what: string, status: number, sentence: RegExp][] = [
    ["an unknown token", 401, /does not know the token.*`npx pulumi config set --secret digitalocean:token`/],
    ["a token without rights", 403, /the token may not read \/v2\/.* Give the token read and write rights/],
    ["too many questions", 429, /was asked too often/],
    ["an API that is down", 503, /was answered with: .*\(503\).* Run this again later/],
  ];
  it.each(refused)("%s is told in a sentence, and nothing is declared", async (_, status, sentence) => {
    const api = await fakeApi({ status });
    const failure = await failureOf(rig.engine.invoke("muster:index:cloud", question(api, {})));
    expect(failure.details).toMatch(sentence);
    expect(failure.details).not.toContain("canary-token");
  });

  it("no token is told before anybody is asked", async () => {
    const failure = await failureOf(
      rig.engine.invoke("muster:index:cloud", question("http://127.0.0.1:1", {}, "")),
    );
    expect(failure.details).toContain("no token of DigitalOcean");
  });
});

function question(url: string, droplet: object, token = "canary-token") {
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

/** Answers as the API does, to our few questions. */
async function fakeApi(there: { droplets?: object[]; limit?: number; status?: number }): Promise<string> {
  const { droplets = [], limit = 25, status = 200 } = there;
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
