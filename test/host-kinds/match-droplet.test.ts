import { describe, expect, test } from "vitest";
import type { DigitalOceanAccount, Droplet } from "../../src/host-kinds/droplet/digitalocean/account.ts";
import { adopt, type Met } from "../../src/host-kinds/droplet/digitalocean/match-droplet.ts";
import {
  type CloudQuestion,
  cloudName,
  type DropletAnswer,
  tagsOf,
} from "../../src/host-kinds/droplet/preflight-protocol.ts";

const OWNER = "muster/prod";

function question(replace?: string, isHeld = false): CloudQuestion {
  const web = {
    host: "web",
    formerly: ["old-web"],
    region: "nyc3",
    size: "s-1vcpu-2gb",
    image: "debian-12-x64",
  };
  const droplet = {
    ...web,
    backups: true,
    reservedIp: true,
    volumes: {},
    isHeld,
    ...(replace && { replace }),
  };
  return { owner: OWNER, api: { url: "", token: "" }, droplets: [droplet], keys: { me: "ssh-ed25519 AAAA" } };
}

function droplet(id: number, tags: readonly string[] = tagsOf(OWNER, "web")): Droplet {
  return { id, name: "web", tags, size_slug: "s-1vcpu-2gb" };
}

function account(
  droplets: readonly Droplet[],
  parts: Partial<DigitalOceanAccount> = {},
): DigitalOceanAccount {
  return {
    droplets,
    byNumber: new Map(droplets.map((one) => [`${one.id}`, one])),
    ...{ keys: [], firewalls: [], volumes: [], reservedIps: [], projects: [] },
    ...{ prices: new Map(), limit: 10, count: droplets.length },
    ...parts,
  };
}

function found(
  replace: string | undefined,
  there: DigitalOceanAccount,
  met?: Met,
): DropletAnswer | undefined {
  const known = new Map(met === undefined ? [] : [["web", met]]);
  return adopt(question(replace), there, known).droplets["web"];
}

describe("which droplet a host is", () => {
  test("none is there and none was met: one is to be made", () => {
    expect(found(undefined, account([]))).toEqual({ isReplaced: false });
  });

  test("a killed run made one and wrote nothing down: it is known by its tag", () => {
    expect(found(undefined, account([droplet(7)]))).toEqual({ id: "7", isReplaced: false });
  });

  test("a host that was renamed has its droplet still", () => {
    expect(found(undefined, account([droplet(7, tagsOf(OWNER, "old-web"))]))).toMatchObject({ id: "7" });
  });

  test("another stack's, or another host's, is not taken", () => {
    const others = [droplet(7, tagsOf("muster/test", "web")), droplet(8, tagsOf(OWNER, "web2"))];
    expect(found(undefined, account(others))).toEqual({ isReplaced: false });
  });

  test("one that was met and is gone stays this host's: no other is made by itself", () => {
    expect(found(undefined, account([]), { machine: "7" })).toEqual({ id: "7", isReplaced: false });
  });

  test("a text in `replace` that it was not made by asks for another, whether it is there or gone", () => {
    expect(found("why", account([droplet(7)]), { machine: "7" })).toEqual({
      isReplaced: true,
      replace: "why",
    });
    expect(found("why", account([]), { machine: "7" })).toEqual({ isReplaced: false, replace: "why" });
  });

  test("asked for once, it is done once: also where the run that did it was killed before it wrote it down", () => {
    const both = account([droplet(7), droplet(8, tagsOf(OWNER, "web", "why"))]);
    expect(found("why", both, { machine: "7" })).toEqual({ id: "8", isReplaced: false, replace: "why" });
    expect(found("why", both, { machine: "8", replace: "why" })).toMatchObject({
      id: "8",
      isReplaced: false,
    });
  });

  test("a droplet that a protected agent is on stays, whatever is asked", () => {
    const met = new Map([["web", { machine: "7" }]]);
    const answer = adopt(question("why", true), account([droplet(7)]), met);
    expect(answer.droplets["web"]).toEqual({ id: "7", isReplaced: false });
  });

  test("`replace` that is taken out again asks for nothing", () => {
    const there = account([droplet(8, tagsOf(OWNER, "web", "why"))]);
    expect(found(undefined, there, { machine: "8", replace: "why" })).toEqual({
      ...{ id: "8", isReplaced: false, replace: "why" },
    });
  });

  test("of two that nothing tells apart none is taken: a person says which", () => {
    expect(() => found(undefined, account([droplet(7), droplet(8)]))).toThrow(/7 and 8 have its tag/);
    expect(found(undefined, account([droplet(7), droplet(8)]), { machine: "8" })).toMatchObject({ id: "8" });
  });
});

describe("a droplet that was there before Muster", () => {
  const mine = (tags: readonly string[] = ["mine"]) =>
    account([], { byNumber: new Map([["7", droplet(7, tags)]]) });
  const asked = (there: DigitalOceanAccount, change: object = {}, met?: Met) => {
    const { droplets, ...rest } = question();
    const adopting = droplets.map((one) => ({ ...one, adopt: "7", ...change }));
    const known = new Map(met === undefined ? [] : [["web", met]]);
    return adopt({ ...rest, droplets: adopting }, there, known).droplets["web"];
  };

  test("is the host by its number, as it is", () => {
    expect(asked(mine())).toEqual({ id: "7", isReplaced: false, isAdopted: true });
    expect(asked(mine(), {}, { machine: "7" })).toMatchObject({ id: "7", isAdopted: true });
    expect(asked(mine(), { size: "s-2vcpu-4gb" })).toMatchObject({ isAdopted: true, isResized: true });
  });

  test("is not the host any more once another was made in its place", () => {
    const both = account([droplet(8, tagsOf(OWNER, "web", "why"))], { byNumber: mine().byNumber });
    const after = { id: "8", isReplaced: false };
    expect(asked(both, { replace: "why" }, { machine: "8", replace: "why" })).toMatchObject(after);
    expect(asked(both, { replace: "why" })).toMatchObject(after);
    expect(asked(both)?.isAdopted).toBeUndefined();
  });

  test("is refused where another stack has it", () => {
    expect(() => asked(mine(tagsOf("arc/prod", "web")))).toThrow(
      /a stack of Muster has it already, as its tag muster:arc:prod/,
    );
  });
});

test("keys, firewalls and reserved IPs that are there are found by what they are", () => {
  const answer = adopt(
    question(),
    account([droplet(7)], {
      keys: [{ id: 5, name: "laptop", public_key: "ssh-ed25519 AAAA me@home" }],
      firewalls: [
        { id: "f", name: cloudName(OWNER, "web") },
        { id: "g", name: "mine" },
      ],
      reservedIps: [{ ip: "192.0.2.7", droplet: { id: 7 } }],
    }),
    new Map(),
  );
  expect(answer.keys).toEqual({ me: { id: "5", isOurs: false } });
  expect(answer.named).toEqual({ [cloudName(OWNER, "web")]: "f" });
  expect(answer.droplets["web"]).toMatchObject({ id: "7", reservedIp: "192.0.2.7" });
});

test("names in the cloud are within its rules, and two long ones differ", () => {
  const long = "a".repeat(80);
  expect(cloudName("muster/prod", long)).toMatch(/^[a-z][a-z0-9-]{0,63}$/);
  expect(cloudName("muster/prod", long)).not.toBe(cloudName("muster/prod", `${long}b`));
  expect(tagsOf("my.fleet/eu_1", "web")).toEqual([
    "muster:my_2e_fleet:eu_5f_1",
    "muster:my_2e_fleet:eu_5f_1:web",
  ]);
});
