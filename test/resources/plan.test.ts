import { describe, expect, test } from "vitest";
import type { Fleet, TenantSpec } from "../../src/config/fleet.ts";
import { RESOURCE_TYPES } from "../../src/model/declaration.ts";
import { itemAddress } from "../../src/model/item-address.ts";
import type { Digest } from "../../src/model/items.ts";
import { AGENT_PARTS, byPart, type ItemProperty, labelOf } from "../../src/model/parts.ts";
import { compilePlan, definitions } from "../../src/resources/index.ts";
import { agent, fleetOf, job } from "../fixtures/fleet.ts";

const runtime = { bundle: "0123456789abcdef", node: "24.0.0" };

describe("a compiled fleet", () => {
  test("has no address twice, though two agents run one program: who is removed takes nothing of another", () => {
    const loom = agent({ name: "loom", user: "loom", identity: "loom", home: "/home/loom" });
    const units = compilePlan(fleetOf(agent(), loom), runtime).declarations.filter(({ agent }) => agent);
    const addresses = units.flatMap(({ items }) => Object.values(items).map(itemAddress));
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test("has every resource type in the registry", () => {
    expect(definitions.map((one) => one.type)).toEqual([...RESOURCE_TYPES]);
  });

  test("declares nothing before what it needs, and names nothing twice", () => {
    const fleet = fleetOf(agent({ credentials: ["iris-key"] }), agent({ name: "loom", user: "loom" }));
    const { declarations } = compilePlan(fleet, runtime);
    const seen = new Set<string>();
    for (const declaration of declarations) {
      expect(seen).not.toContain(declaration.id);
      for (const need of declaration.needs) expect(seen).toContain(need);
      seen.add(declaration.id);
    }
  });

  test("makes the folder that an agent works in, with its own rights, where that is in its home", () => {
    const itemsOf = (workdir: string) =>
      compilePlan(fleetOf(agent({ workdir })), runtime).declarations.find(({ type }) => type === "Agent")
        ?.items["identity:working directory"];
    expect(itemsOf("/home/iris/work")).toEqual({
      kind: "directory",
      path: "/home/iris/work",
      actor: "iris",
      want: { type: "directory", owner: "iris", group: "arc", mode: "0700" },
    });
    expect([itemsOf("/home/iris"), itemsOf("/srv/work")]).toEqual([undefined, undefined]);
  });

  test("is the same whatever the order in which contacts stand in the file", () => {
    const columns = { email: "a@example.org", display_name: "A" };
    const turned = { display_name: "A", email: "a@example.org" };
    const one = { ...fleetOf(agent({ contacts: ["a", "b"] })), contacts: contacts(columns) };
    const two = { ...fleetOf(agent({ contacts: ["b", "a"] })), contacts: contacts(turned) };
    expect(compilePlan(two, runtime)).toEqual(compilePlan(one, runtime));
  });

  test("has one resource an agent, whatever parts it has", () => {
    const fleet = { ...fleetOf(agent({ credentials: ["iris-key"] })), jobs: { retro: job() } };
    const { declarations } = compilePlan(fleet, runtime);
    const ours = declarations.filter((one) => one.agent === "iris");
    expect(ours.map(({ id, type }) => [id, type])).toEqual([["hub/iris/agent", "Agent"]]);
    expect(Object.keys(byPart(ours[0]?.items ?? {}))).toEqual([...AGENT_PARTS]);
  });

  test("gives each agent a user of its own, which is made first and so removed last", () => {
    const { declarations } = compilePlan(fleetOf(agent({ credentials: ["iris-key"] })), runtime);
    const iris = declarations.find((one) => one.type === "Agent");
    const items = iris?.items ?? {};
    expect(Object.keys(items)[0]).toBe("identity:user iris");
    expect(Object.keys(byPart(items).identity ?? {})).toEqual(["user iris", "/home/iris", "SOUL.md"]);
    expect(iris?.needs).toEqual(["hub/tenant-arc"]);
  });

  test("writes each of an agent's choices, and the probe of each of its providers once a host", () => {
    const choice = (provider: string) => ({
      provider,
      model: { provider, model: `of ${provider}` },
      command: ["/bin/sh", provider],
      env: {},
      credentials: ["iris-key"],
    });
    const failover = {
      choices: [choice("nous"), choice("google")],
      restart: "now",
      deadline: 60,
      returnAfter: 9,
    } as const;
    const probe = {
      probe: { kind: "tcp", host: "a", port: 1, timeout: 1 },
      interval: 9,
      failures: 3,
      successes: 2,
    } as const;
    const fleet: Fleet = {
      ...fleetOf(agent({ failover, model: { provider: "nous", model: "of nous" } })),
      providers: {
        nous: { name: "nous", vendor: "nous", probe },
        other: { name: "other", vendor: "other", probe },
      },
    };
    const { declarations, contents } = compilePlan(fleet, runtime);
    const text = (type: string, name: string) => {
      const item = declarations.find((one) => one.type === type)?.items[name];
      return item?.kind === "file" ? contents[item.want.content as Digest] : undefined;
    };
    expect(JSON.parse(text("Host", "probe of nous") ?? "")).toEqual(probe);
    expect(text("Host", "probe of other")).toBeUndefined();
    expect(text("Agent", "unit:unit file")).toContain("/usr/bin/env /bin/sh agent.sh\n");
    expect(text("Agent", "unit:on google")).toMatch(/^\[Service\]\nEnvironment=\nEnvironmentFile=\n/);
    expect(text("Agent", "unit:on google")).toMatch(
      /MUSTER_MODEL=of google"[\s\S]*\nExecStart=\nExecStart=.* \/bin\/sh google\n$/,
    );
    expect(JSON.parse(text("Agent", "unit:deadman's policy") ?? "").failover).toEqual({
      providers: ["nous", "google"],
      restart: "now",
      deadline: 60,
      returnAfter: 9,
    });
    expect(declarations.find(({ type }) => type === "Agent")?.items["unit:model"]).toMatchObject({
      others: '{"google":{"provider":"google","model":"of google"}}',
      want: { provider: "nous", model: "of nous" },
    });
  });

  test("has a deadman where there are agents, started anew by another runtime, and a policy for each agent", () => {
    const fleet: Fleet = {
      ...fleetOf(),
      hosts: Object.fromEntries(
        Object.values(fleetOf().hosts).flatMap((one) =>
          [one, { ...one, name: "bare" }].map((host) => [host.name, host]),
        ),
      ),
    };
    const compiled = (bundle: string) => compilePlan(fleet, { ...runtime, bundle }).declarations;
    const items = (id: string, bundle = "a") => compiled(bundle).find((one) => one.id === id)?.items ?? {};
    expect(Object.keys(items("bare/host"))).toEqual(["runtime", "tmux"]);
    expect(items("hub/host")["hostd"]).toMatchObject({ name: "muster-hostd.service" });
    expect(items("hub/host", "a")["hostd unit file"]).not.toEqual(items("hub/host", "b")["hostd unit file"]);
    expect(items("hub/iris/agent", "a")).toEqual(items("hub/iris/agent", "b"));
    expect(items("hub/iris/agent")["unit:deadman's policy"]).toMatchObject({
      path: "/var/lib/muster/hostd/agents/iris.json",
      want: { owner: "root", mode: "0600" },
    });
  });

  test("gives siblings under `isolation: tenant` one user, and each its home", () => {
    const siblings = fleetOf(agent({ user: "arc" }), agent({ user: "arc", name: "arc", home: "/home/arc" }));
    const fleet: Fleet = {
      ...siblings,
      tenants: { arc: { name: "arc", isolation: "tenant", formerly: [], protect: false, limits: {} } },
    };
    const { declarations } = compilePlan(fleet, runtime);
    const items = (id: string, part: ItemProperty) =>
      Object.keys(byPart(declarations.find((one) => one.id === id)?.items ?? {})[part] ?? {});
    expect(items("hub/tenant-arc", "items")).toEqual(["group", "user arc", "/home/arc"]);
    expect(items("hub/iris/agent", "identity")).toEqual(["/home/iris", "SOUL.md"]);
    expect(items("hub/arc/agent", "identity")).toEqual(["SOUL.md"]);
  });

  test("limits a tenant by its slice and asks its host for controllers only where somebody declares limits", () => {
    const itemsOf = (fleet: Fleet) =>
      Object.fromEntries(compilePlan(fleet, runtime).declarations.map(({ id, items }) => [id, items]));
    const unlimited = itemsOf(fleetOf());
    expect(Object.values(unlimited).flatMap(Object.keys).map(labelOf)).not.toContain("limits");
    const fleet = fleetOf(agent({ limits: { tasks: 40 } }));
    const arc = { ...fleet.tenants["arc"], limits: { memory: "2G" } } as TenantSpec;
    const limited = itemsOf({ ...fleet, tenants: { arc } });
    expect(limited["hub/host"]?.["limits"]?.want).toEqual({ memory: "held", tasks: "held" });
    expect(limited["hub/iris/agent"]?.["unit:limits"]?.want).toEqual({ tasks: 40 });
    expect(limited["hub/tenant-arc"]?.["limits"]).toMatchObject({
      name: "muster-arc.slice",
      want: { memory: "2G", overrides: "none" },
    });
  });

  test("knows each resource's former ids, by all former names of its host and of its own", () => {
    const fleet = fleetOf(agent({ formerly: ["vera"] }));
    const hub = {
      kind: "local",
      name: "hub",
      connectTimeout: 10,
      availability: "always",
      formerly: ["box"],
      protect: false,
    } as const;
    const { declarations } = compilePlan({ ...fleet, hosts: { hub } }, runtime);
    const formerly = Object.fromEntries(declarations.map((one) => [one.id, one.formerly]));
    expect(formerly["hub/host"]).toEqual(["box/host"]);
    expect(formerly["hub/tenant-arc"]).toEqual(["box/tenant-arc"]);
    expect(formerly["hub/iris/agent"]).toEqual(["hub/vera/agent", "box/iris/agent", "box/vera/agent"]);
  });

  test("protects what a protected agent needs, and no other agent", () => {
    const loom = agent({ name: "loom", user: "loom", identity: "loom" });
    const { declarations } = compilePlan(fleetOf(agent({ protect: true }), loom), runtime);
    const free = declarations.filter((one) => !one.protect).map((one) => one.id);
    expect(free).toEqual(["hub/loom/agent"]);
  });

  test("wipes the home and the contacts of an agent alone that says so", () => {
    const { declarations } = compilePlan(fleetOf(agent({ onRemove: "delete" })), runtime);
    const items = declarations.flatMap((one) => Object.values(one.items));
    expect(
      items.filter((item) => "onRemove" in item && item.onRemove === "wipe").map(({ kind }) => kind),
    ).toEqual(["directory", "rows"]);
  });

  test("holds no secret's value, only where it comes from", () => {
    const { declarations } = compilePlan(fleetOf(agent({ credentials: ["iris-key"] })), runtime);
    const item = declarations.find((one) => one.type === "Agent")?.items["credentials:iris-key"];
    expect(item).toMatchObject({ secret: "config:iris-key", want: { content: "as declared", mode: "0400" } });
  });
});

function contacts(columns: Record<string, string>) {
  return { a: { name: "a", columns }, b: { name: "b", columns: { display_name: "B" } } };
}
