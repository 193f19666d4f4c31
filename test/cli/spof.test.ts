import { describe, expect, test } from "vitest";
import { renderSpof } from "../../src/cli/render/spof.ts";
import { failurePoints } from "../../src/cli/spof/failure-points.ts";
import type { AgentSpec, CredentialSpec, Fleet, ProviderSpec } from "../../src/config/fleet.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

const WORKERS = ["spark", "iris", "loom", "forge"];

function credential(name: string, more: Partial<CredentialSpec> = {}): CredentialSpec {
  return { name, from: `config:${name}`, type: "oauth", provider: "anthropic", ...more };
}

function provider(name: string, more: Partial<ProviderSpec> = {}): ProviderSpec {
  return { name, vendor: name, ...more };
}

/** Returns the fleet of the first seed. Its four workers run on separate hosts, and share one login. */
function seedFleet(agents: readonly AgentSpec[], credentials: readonly CredentialSpec[]): Fleet {
  const fleet = fleetOf(...agents);
  const host = {
    kind: "ssh",
    connectTimeout: 9,
    availability: "always",
    formerly: [],
    protect: false,
  } as const;
  const hosts = WORKERS.map((name, i) => [
    name,
    { ...host, name, address: `192.0.2.${i + 1}`, hostKeys: [] },
  ]);
  return {
    ...fleet,
    hosts: Object.fromEntries(hosts),
    credentials: Object.fromEntries(credentials.map((one) => [one.name, one])),
    providers: {
      anthropic: provider("anthropic", { account: "arc", region: "us" }),
      nous: provider("nous"),
    },
  };
}

const workers = (parts: Partial<AgentSpec>) => WORKERS.map((name) => agent({ name, host: name, ...parts }));

const find = (fleet: Fleet) =>
  failurePoints(fleet, Object.values(fleet.agents)).map(
    ({ kind, name, agents }) => `${kind} ${name}: ${agents.length}`,
  );

describe("the failures that stop agents", () => {
  test("include a shared login, its provider, account and region, and the network, with the most serious failure first", () => {
    const fleet = seedFleet(workers({ credentials: ["login"] }), [
      credential("login", { sharedBecause: "cost" }),
    ]);
    expect(find(fleet)).toEqual([
      "credential login: 4",
      "account anthropic arc: 4",
      "provider anthropic: 4",
      "region anthropic us: 4",
      "network 192.0.2.0/24: 4",
      ...["forge", "iris", "loom", "spark"].map((name) => `host ${name}: 1`),
    ]);
    const points = failurePoints(fleet, Object.values(fleet.agents));
    expect(points[0]?.sharedBecause).toBe("cost");
    const text = renderSpof({ points, total: 4, most: 3, codes: [5] });
    expect(text).toMatch(/^credential +login +4 of 4 +spark, iris, loom, forge +cost$/m);
    expect(text).toContain("network 192.0.2.0/24: its failure stops 4 agents, and --max allows 3.\n");
  });

  test("count credentials with the same secret as one credential", () => {
    const agents = workers({}).map((one, i) => ({ ...one, credentials: [i < 2 ? "a" : "b"] }));
    const fleet = seedFleet(agents, [
      credential("a", { from: "env:KEY" }),
      credential("b", { from: "env:KEY" }),
    ]);
    expect(find(fleet)).toContain("credential a, b: 4");
  });

  test("do not include a provider or its credential if an agent can fail over to another provider", () => {
    const choice = (provider: string, credentials: readonly string[]) => ({
      ...{ provider, credentials, model: {}, command: [], env: {} },
    });
    const failover = {
      choices: [choice("anthropic", ["login", "git"]), choice("nous", ["key", "git"])],
      ...{ returnAfter: 60, restart: "when-idle", deadline: 60 },
    } as const;
    const agents = workers({ credentials: ["login", "key", "git"], failover: failover as never });
    const credentials = [credential("login"), credential("key", { provider: "nous" }), credential("git")];
    const found = find(seedFleet(agents, credentials));
    expect(found).toContain("credential git: 4");
    expect(found.filter((one) => /login|key|anthropic|nous/.test(one))).toEqual([]);
  });

  test("do not include the provider of a runtime that tries other providers itself", () => {
    const models = { model: { provider: "anthropic" }, fallbacks: [{ provider: "nous" }] };
    const agents = workers({ credentials: ["login", "key"], ...models });
    const found = find(seedFleet(agents, [credential("login"), credential("key", { provider: "nous" })]));
    expect(found.filter((one) => /login|key|anthropic|nous/.test(one))).toEqual([]);
  });
});
