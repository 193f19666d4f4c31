import { describe, expect, test } from "vitest";
import type { DigitalOceanAccount, Droplet } from "../../src/host-kinds/droplet/digitalocean/account.ts";
import { adopt, type KnownDroplet } from "../../src/host-kinds/droplet/digitalocean/match-droplet.ts";
import { recordedIds, TOKENS } from "../../src/host-kinds/droplet/digitalocean/recorded-ids.ts";
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
    ...{ backups: true, monitoring: true, ipv6: false, isProtected: true },
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
    unread: new Map(),
    ...{ keys: [], firewalls: [], volumes: [], reservedIps: [], projects: [] },
    ...{ prices: new Map(), limit: 10, count: droplets.length },
    ...parts,
  };
}

/** Returns the state's records of resources, by type and name. */
function recordsOf(
  entries: readonly (readonly [type: keyof typeof TOKENS, name: string, id: string, isProtected?: boolean])[],
) {
  return recordedIds(
    entries.map(([type, name, id, isProtected = false]) => {
      return { type: TOKENS[type], name, id, isProtected, isLeaving: false };
    }),
  );
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

  test("finds a droplet by its tag if a killed run has created the droplet but not recorded it", () => {
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

  test("replaces a droplet only once for each text in `replace`, even if a run is killed before it records the new droplet", () => {
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
    expect(() => found(undefined, account([droplet(7), droplet(8)]))).toThrow(
      /7 and 8 have the tag of this host/,
    );
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

describe("a resource that the state records", () => {
  const answerFor = (
    parts: Partial<DigitalOceanAccount>,
    ids: ReturnType<typeof recordsOf>,
    change: Partial<CloudQuestion["droplets"][number]> = {},
  ) => {
    const { droplets, ...rest } = question();
    const changed = droplets.map((one) => ({ ...one, ...change }));
    const whole = { ...rest, project: "arc", droplets: changed };
    return adopt(whole, account([droplet(7)], parts), new Map(), { ids });
  };

  test("belongs to the stack even if its name and description have changed", () => {
    const ids = recordsOf([
      ["key", "me", "5"],
      ["project", "arc", "p"],
      ["firewall", "old-web", "f"],
    ]);
    const named = { name: "renamed by hand" };
    const answer = answerFor(
      {
        keys: [{ id: 5, ...named, public_key: "ssh-ed25519 AAAA" }],
        projects: [{ id: "p", ...named, description: "edited by hand" }],
        firewalls: [{ id: "f", ...named }],
      },
      ids,
    );
    expect(answer.keys).toEqual({ me: { id: "5", isOurs: true } });
    expect(answer.project).toEqual({ id: "p", isOurs: true });
    expect(answer.named[cloudName(OWNER, "web")]).toBe("f");
  });

  test("is not confused with another resource that has the same name", () => {
    const keys = [{ id: 6, name: cloudName(OWNER, "me"), public_key: "ssh-ed25519 AAAA" }];
    expect(answerFor({ keys }, recordsOf([["key", "me", "5"]])).keys).toEqual({
      me: { id: "6", isOurs: false },
    });
    const volumes = ["nyc3", "ams3"].map((slug) => {
      return { id: slug, name: cloudName(OWNER, "web", "data"), size_gigabytes: 5, region: { slug } };
    });
    const declared = { volumes: { data: { size: 5, filesystem: "ext4" } } };
    expect(answerFor({ volumes }, recordsOf([]), declared).volumes["web/data"]?.id).toBe("nyc3");
    const ids = recordsOf([["volume", "old-web/data", "ams3"]]);
    expect(answerFor({ volumes }, ids, declared).volumes["web/data"]?.id).toBe("ams3");
  });

  test("is the reserved IP of the host, even if another address is assigned to the droplet", () => {
    const reservedIps = [
      { ip: "192.0.2.1", droplet: { id: 7 } },
      { ip: "192.0.2.2", droplet: null },
    ];
    expect(
      answerFor({ reservedIps }, recordsOf([["reservedIp", "web", "192.0.2.2"]])).droplets["web"],
    ).toEqual({
      ...{ id: "7", isReplaced: false, reservedIp: "192.0.2.2" },
    });
    expect(answerFor({ reservedIps }, recordsOf([])).droplets["web"]).toMatchObject({
      ...{ reservedIp: "192.0.2.1", isAssigned: true },
    });
  });

  test("is kept while it is protected, even if it is no longer declared", () => {
    const parts = {
      reservedIps: [{ ip: "192.0.2.2", droplet: { id: 7 } }],
      volumes: [{ id: "v", name: "any", size_gigabytes: 20, filesystem_type: "xfs" }],
    };
    const ids = (isProtected: boolean) =>
      recordsOf([
        ["reservedIp", "web", "192.0.2.2", isProtected],
        ["volume", "web/data", "v", isProtected],
      ]);
    const kept = answerFor(parts, ids(true), { reservedIp: false });
    expect(kept.droplets["web"]).toMatchObject({ reservedIp: "192.0.2.2", keepsReservedIp: true });
    expect(kept.volumes).toEqual({
      "web/data": { id: "v", size: 20, filesystem: "xfs", kept: [], isUndeclared: true },
    });
    const free = answerFor(parts, ids(false), { reservedIp: false });
    expect([free.droplets["web"]?.reservedIp, free.volumes]).toEqual([undefined, {}]);
  });
});

test("a droplet is found by its tags in upper or lower case", () => {
  const upper = tagsOf(OWNER, "web", "why").map((tag) => tag.toUpperCase());
  expect(found("why", account([droplet(8, upper)]))).toEqual({ id: "8", isReplaced: false, replace: "why" });
});

test("the settings that the existing droplet and its volumes keep are named, and new resources get the droplet's region", () => {
  const existing = {
    ...droplet(7),
    ...{ features: ["ipv6"], region: { slug: "ams3" }, image: { id: 1, slug: "debian-13-x64" } },
  };
  expect(found(undefined, account([existing]))).toEqual({
    ...{ id: "7", isReplaced: false, region: "ams3" },
    kept: ["region", "image", "monitoring", "ipv6"],
  });
});

test("a droplet that cannot be read does not count as deleted and is not created again", () => {
  const unread = account([], { unread: new Map([["7", "it answered with an error"]]) });
  expect(found(undefined, unread, { machine: "7" })).toEqual({ id: "7", isReplaced: false });
  expect(found("why", unread, { machine: "7" })).toEqual({ id: "7", isReplaced: false });
});

test("an existing key is found by its text, a firewall by its name, and a reserved IP by its droplet", () => {
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

test("the names and tags of resources follow DigitalOcean's rules, and different long names remain different", () => {
  const long = "a".repeat(80);
  expect(cloudName("muster/prod", long)).toMatch(/^[a-z][a-z0-9-]{0,63}$/);
  expect(cloudName("muster/prod", long)).not.toBe(cloudName("muster/prod", `${long}b`));
  expect(tagsOf("my.fleet/eu_1", "web")).toEqual([
    "muster:my_2e_fleet:eu_5f_1",
    "muster:my_2e_fleet:eu_5f_1:web",
  ]);
});
