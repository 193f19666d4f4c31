import { describe, expect, test } from "vitest";
import type { Fleet, ServiceSpec } from "../../src/config/fleet.ts";
import { compilePlan } from "../../src/resources/index.ts";
import { fleetOf } from "../fixtures/fleet.ts";

const HEALTH = {
  probe: { kind: "tcp", host: "127.0.0.1", port: 6379, timeout: 5 },
  interval: 15,
  failures: 3,
  successes: 2,
} as const;

function service(parts: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name: "cache",
    host: "hub",
    unit: "redis-server.service",
    open: [],
    packages: [],
    files: {},
    user: "redis",
    credentials: [],
    enabled: "enabled",
    running: true,
    grace: 60,
    onUnhealthy: "restart",
    restarts: { most: 5, within: 3600 },
    maintenance: [],
    protect: false,
    ...parts,
  };
}

function planOf(one: ServiceSpec, fleet: Fleet = fleetOf()) {
  const declared = { ...fleet, services: { [one.name]: one } };
  return compilePlan(declared, { bundle: "0123456789abcdef", node: "24.0.0" });
}

const itemsOf = (one: ServiceSpec, fleet?: Fleet) =>
  planOf(one, fleet).declarations.find(({ type }) => type === "Service")?.items ?? {};

const textOf = (one: ServiceSpec, name: string) => {
  const { declarations, contents } = planOf(one);
  const item = declarations.find(({ type }) => type === "Service")?.items[name];
  return item?.kind === "file" ? contents[item.want.content as keyof typeof contents] : undefined;
};

describe("a service", () => {
  test("is one resource of the host's, of no tenant, and protected where that is said", () => {
    const { declarations } = planOf(service({ protect: true }));
    const ours = declarations.filter((one) => one.service !== undefined);
    expect(ours).toEqual([
      expect.objectContaining({
        id: "hub/cache/service",
        service: "cache",
        needs: ["hub/host"],
        protect: true,
      }),
    ]);
    expect(ours[0]).not.toHaveProperty("tenant");
    expect(declarations.find(({ id }) => id === "hub/host")?.protect).toBe(true);
  });

  test("that was there before has nothing but its unit, which stays when it goes", () => {
    expect(itemsOf(service())).toEqual({
      unit: {
        kind: "unit",
        name: "redis-server.service",
        onRemove: "keep",
        want: { enabled: "enabled", active: "running", overrides: "none" },
      },
    });
    expect(itemsOf(service({ packages: ["redis-server"] }))["unit"]).not.toHaveProperty("onRemove");
    expect(itemsOf(service({ text: "[Service]\n" }))["unit"]).not.toHaveProperty("onRemove");
  });

  test("with a check has a policy, a condition on quarantine, and a deadman though its host has no agent", () => {
    const one = service({ health: HEALTH });
    expect(JSON.parse(textOf(one, "deadman's policy") ?? "")).toEqual({
      unit: one.unit,
      health: HEALTH,
      grace: 60,
      onUnhealthy: "restart",
      restarts: one.restarts,
      maintenance: [],
    });
    expect(textOf(one, "Muster's settings")).toBe(
      "[Unit]\nConditionPathExists=!/var/lib/muster/hostd/quarantine/redis-server.service\n",
    );
    const bare = { ...fleetOf(), agents: {} };
    const hostOf = (other: ServiceSpec) => Object.keys(planOf(other, bare).declarations[0]?.items ?? {});
    expect(hostOf(one)).toEqual(["runtime", "tmux", "hostd unit file", "hostd"]);
    expect(hostOf(service())).toEqual(["runtime", "tmux"]);
  });

  test("has its credentials as files of its user, and their names alone in its settings", () => {
    const one = service({ credentials: ["iris-key"] });
    expect(itemsOf(one)["credential iris-key"]).toMatchObject({
      path: "/var/lib/muster/credentials/cache/iris-key",
      secret: "config:iris-key",
      envName: "ANTHROPIC_API_KEY",
      notify: one.unit,
      want: { content: "as declared", owner: "redis", mode: "0400" },
    });
    expect(textOf(one, "Muster's settings")).toBe(
      '[Service]\nEnvironment="MUSTER_CREDENTIALS=/var/lib/muster/credentials/cache"\n' +
        "EnvironmentFile=/var/lib/muster/credentials/cache/iris-key\n",
    );
  });

  test("keeps the user that was made for it, and its group, when it goes", () => {
    const items = itemsOf(service({ account: { home: "/var/lib/cache", shell: "/usr/sbin/nologin" } }));
    expect(items["user redis"]).toMatchObject({ onRemove: "keep", system: true, want: { group: "redis" } });
    expect(items["group redis"]).toMatchObject({ onRemove: "keep" });
  });
});
