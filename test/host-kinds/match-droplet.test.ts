import { describe, expect, test } from "vitest";
import type { DigitalOceanAccount, Droplet } from "../../src/host-kinds/droplet/digitalocean/account.ts";
import { adopt, type KnownDroplet } from "../../src/host-kinds/droplet/digitalocean/match-droplet.ts";
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
  existing: DigitalOceanAccount,
  recorded?: KnownDroplet,
): DropletAnswer | undefined {
  const known = new Map(recorded === undefined ? [] : [["web", recorded]]);
  return adopt(question(replace), existing, known).droplets["web"];
}

describe("the search for a host's droplet", () => {
  test("returns no ID if no droplet exists and none is recorded", () => {
    expect(found(undefined, account([]))).toEqual({ isReplaced: false });
  });

  test("recognizes by its tag a droplet that a killed run has created but not recorded", () => {
    expect(found(undefined, account([droplet(7)]))).toEqual({ id: "7", isReplaced: false });
  });

  test("finds the droplet of a renamed host", () => {
    expect(found(undefined, account([droplet(7, tagsOf(OWNER, "old-web"))]))).toMatchObject({ id: "7" });
  });

  test("ignores droplets of other stacks and hosts", () => {
    const others = [droplet(7, tagsOf("muster/test", "web")), droplet(8, tagsOf(OWNER, "web2"))];
    expect(found(undefined, account(others))).toEqual({ isReplaced: false });
  });

  test("keeps the ID of a recorded droplet that is gone, so that no droplet is created without a request", () => {
    expect(found(undefined, account([]), { machine: "7" })).toEqual({ id: "7", isReplaced: false });
  });

  test("requests a new droplet if the text in `replace` is new, whether or not the old droplet still exists", () => {
    expect(found("why", account([droplet(7)]), { machine: "7" })).toEqual({
      isReplaced: true,
      replace: "why",
    });
    expect(found("why", account([]), { machine: "7" })).toEqual({ isReplaced: false, replace: "why" });
  });

  test("replaces a droplet only once for each text, even if the run was killed before it recorded the new droplet", () => {
    const both = account([droplet(7), droplet(8, tagsOf(OWNER, "web", "why"))]);
    expect(found("why", both, { machine: "7" })).toEqual({ id: "8", isReplaced: false, replace: "why" });
    expect(found("why", both, { machine: "8", replace: "why" })).toMatchObject({
      id: "8",
      isReplaced: false,
    });
  });

  test("keeps a droplet with a protected agent, even if `replace` requests a new droplet", () => {
    const recorded = new Map([["web", { machine: "7" }]]);
    const answer = adopt(question("why", true), account([droplet(7)]), recorded);
    expect(answer.droplets["web"]).toEqual({ id: "7", isReplaced: false });
  });

  test("keeps the droplet if `replace` is removed from fleet.yaml", () => {
    const existing = account([droplet(8, tagsOf(OWNER, "web", "why"))]);
    expect(found(undefined, existing, { machine: "8", replace: "why" })).toEqual({
      ...{ id: "8", isReplaced: false, replace: "why" },
    });
  });

  test("fails if two droplets have the host's tag and neither of them is recorded", () => {
    expect(() => found(undefined, account([droplet(7), droplet(8)]))).toThrow(/7 and 8 have its tag/);
    expect(found(undefined, account([droplet(7), droplet(8)]), { machine: "8" })).toMatchObject({ id: "8" });
  });
});

describe("an adopted droplet", () => {
  const mine = (tags: readonly string[] = ["mine"]) =>
    account([], { byNumber: new Map([["7", droplet(7, tags)]]) });
  const answerFor = (existing: DigitalOceanAccount, change: object = {}, recorded?: KnownDroplet) => {
    const { droplets, ...rest } = question();
    const adopting = droplets.map((one) => ({ ...one, adopt: "7", ...change }));
    const known = new Map(recorded === undefined ? [] : [["web", recorded]]);
    return adopt({ ...rest, droplets: adopting }, existing, known).droplets["web"];
  };

  test("is found by its ID and is not changed", () => {
    expect(answerFor(mine())).toEqual({ id: "7", isReplaced: false, isAdopted: true });
    expect(answerFor(mine(), {}, { machine: "7" })).toMatchObject({ id: "7", isAdopted: true });
    expect(answerFor(mine(), { size: "s-2vcpu-4gb" })).toMatchObject({ isAdopted: true, isResized: true });
  });

  test("no longer belongs to the host once it has been replaced", () => {
    const both = account([droplet(8, tagsOf(OWNER, "web", "why"))], { byNumber: mine().byNumber });
    const after = { id: "8", isReplaced: false };
    expect(answerFor(both, { replace: "why" }, { machine: "8", replace: "why" })).toMatchObject(after);
    expect(answerFor(both, { replace: "why" })).toMatchObject(after);
    expect(answerFor(both)?.isAdopted).toBeUndefined();
  });

  test("is refused if another stack manages it", () => {
    expect(() => answerFor(mine(tagsOf("arc/prod", "web")))).toThrow(
      /another Muster stack manages it: it has the tag muster:arc:prod/,
    );
  });
});

test("existing keys, firewalls and reserved IPs are found by key, name and droplet", () => {
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

test("the names and tags of resources follow DigitalOcean's rules, and two long names remain different", () => {
  const long = "a".repeat(80);
  expect(cloudName("muster/prod", long)).toMatch(/^[a-z][a-z0-9-]{0,63}$/);
  expect(cloudName("muster/prod", long)).not.toBe(cloudName("muster/prod", `${long}b`));
  expect(tagsOf("my.fleet/eu_1", "web")).toEqual([
    "muster:my_2e_fleet:eu_5f_1",
    "muster:my_2e_fleet:eu_5f_1:web",
  ]);
});
