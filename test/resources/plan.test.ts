import { describe, expect, test } from "vitest";
import { RESOURCE_TYPES } from "../../src/model/declaration.ts";
import { itemAddress } from "../../src/model/item-address.ts";
import { compilePlan, definitions } from "../../src/resources/index.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

const runtime = { bundle: "0123456789abcdef", node: "24.0.0" };

describe("a compiled fleet", () => {
  test("contains each item on a host only once, even if two agents run the same program", () => {
    const loom = agent({ name: "loom", user: "loom", identity: "loom", home: "/home/loom" });
    const units = compilePlan(fleetOf(agent(), loom), runtime).declarations.filter(({ agent }) => agent);
    const addresses = units.flatMap(({ items }) => Object.values(items).map(itemAddress));
    expect(addresses).not.toEqual([]);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test("contains only resource types that are in the registry", () => {
    expect(definitions.map((one) => one.type)).toEqual([...RESOURCE_TYPES]);
  });

  test("declares each resource once, after everything that it needs", () => {
    const fleet = fleetOf(agent({ credentials: ["iris-key"] }), agent({ name: "loom", user: "loom" }));
    const { declarations } = compilePlan(fleet, runtime);
    const seen = new Set<string>();
    for (const declaration of declarations) {
      expect(seen).not.toContain(declaration.id);
      for (const need of declaration.needs) expect(seen).toContain(need);
      seen.add(declaration.id);
    }
    expect(seen).toContain("hub/loom/agent");
  });

  test("does not depend on the order of contacts in the contacts file", () => {
    const columns = { email: "a@example.org", display_name: "A" };
    const reversed = { display_name: "A", email: "a@example.org" };
    const one = { ...fleetOf(agent({ contacts: ["a", "b"] })), contacts: contacts(columns) };
    const two = { ...fleetOf(agent({ contacts: ["b", "a"] })), contacts: contacts(reversed) };
    expect(compilePlan(two, runtime)).toEqual(compilePlan(one, runtime));
  });

  test("has the same agents for every version of the host runtime", () => {
    const items = (bundle: string) =>
      compilePlan(fleetOf(), { ...runtime, bundle }).declarations.find(({ type }) => type === "Agent")?.items;
    expect(items("a")).toBeDefined();
    expect(items("a")).toEqual(items("b"));
  });

  test("protects everything that a protected agent needs, and no unprotected agent", () => {
    const loom = agent({ name: "loom", user: "loom", identity: "loom" });
    const { declarations } = compilePlan(fleetOf(agent({ protect: true }), loom), runtime);
    const free = declarations.filter((one) => !one.protect).map((one) => one.id);
    expect(free).toEqual(["hub/loom/agent"]);
  });
});

function contacts(columns: Record<string, string>) {
  return { a: { name: "a", columns }, b: { name: "b", columns: { display_name: "B" } } };
}
