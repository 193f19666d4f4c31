import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_PARTS, itemName } from "../../src/model/agent-parts.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { HostItem, Items } from "../../src/model/items.ts";
import type { Json } from "../doubles/engine.ts";
import { inputsOf, makeRig, type Rig, secretItem, urnOf } from "./rig.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const TEXTS = ["I am Iris.\n", "", "äöü\n"];

let rig: Rig;
beforeAll(async () => {
  console.log(`the laws run with SEED=${SEED}`);
  rig = await makeRig({ API_KEY: "a value" });
  for (const text of TEXTS) rig.keep(text);
});
afterAll(() => rig.stop());

/** Checks one law for generated resources with and without parts, each on an empty host. */
async function law(check: (urn: string, inputs: Json) => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(fc.oneof(agent, service), async ([urn, inputs]) => {
    rig.hosts.hub.things.clear();
    rig.hosts.hub.records.clear();
    const checked = await rig.engine.check(urn, inputs);
    expect(checked.failures).toEqual([]);
    await check(urn, checked.inputs);
  });
  await fc.assert(property, { seed: SEED, numRuns: 60 });
}

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,7}$/);
const mode = fc.constantFrom("0600", "0644", "0700");
const digest = fc.constantFrom(...TEXTS).map(digestOf);
const ownership = { owner: word, group: word, mode };
const record = fc.record;

const item: fc.Arbitrary<HostItem> = fc.oneof(
  record({
    kind: fc.constant("file" as const),
    path: word,
    want: record({ type: fc.constant("file" as const), content: digest, ...ownership }),
  }),
  record({
    kind: fc.constant("directory" as const),
    path: word,
    want: record({ type: fc.constant("directory" as const), ...ownership }),
  }),
  record({
    kind: fc.constant("rows" as const),
    path: word,
    actor: word,
    table: word,
    want: record({ type: fc.constant("file" as const), rows: digest, ...ownership }),
  }),
  record({
    kind: fc.constant("unit" as const),
    name: word,
    want: fc.constant({ enabled: "enabled", active: "running", overrides: "none" } as const),
  }),
  record({
    kind: fc.constant("timer" as const),
    name: word,
    service: word,
    schedule: fc.constantFrom("daily", "daily; weekly"),
    want: fc.constant({ enabled: "enabled", active: "running", overrides: "none" } as const),
  }),
  record({
    kind: fc.constant("limits" as const),
    name: word,
    want: fc.record(
      { memory: fc.constant("2G"), cpu: fc.constant(0.5), tasks: fc.nat() },
      { requiredKeys: [] },
    ),
  }),
  record({ kind: fc.constant("group" as const), name: word, want: fc.constant({ present: true } as const) }),
  fc.constant(secretItem("env:API_KEY", "API_KEY")),
);

/** Labels that two parts of an agent may share, and arbitrary labels, which may need quotes and escapes. */
const label = fc.oneof(fc.constantFrom("unit", "key"), fc.string({ minLength: 1, maxLength: 6 }));
const partsLabel = fc
  .tuple(fc.constantFrom(...AGENT_PARTS), label)
  .map(([part, name]) => itemName(part, name));

/** Items with different paths or names. */
const itemsNamed = (name: fc.Arbitrary<string>): fc.Arbitrary<Items> =>
  fc
    .uniqueArray(fc.tuple(name, item), { minLength: 1, maxLength: 5, selector: ([one]) => one })
    .map((entries) => Object.fromEntries(entries.map(([one, item], n) => [one, elsewhere(item, n)])));
const resource = (type: string, id: string, name: fc.Arbitrary<string>) =>
  itemsNamed(name).map((items) => [urnOf(type, id), inputsOf(id, items)] as const);
const agent = resource("Agent", "hub/iris/agent", partsLabel);
const service = resource("Service", "hub/cache/service", label);

function elsewhere(one: HostItem, n: number): HostItem {
  const address = "path" in one ? { path: `/${n}/${one.path}` } : { name: `${n}-name` };
  return { ...one, ...address } as HostItem;
}

describe("the provider", () => {
  it("finds no difference when it reads a resource that it has created", async () => {
    await law(async (urn, inputs) => {
      const { id, state } = await rig.engine.create(urn, inputs);
      expect(state).toEqual(inputs);
      const seen = await rig.engine.read(urn, id, { inputs, state });
      expect(seen).toEqual({ id, refresh: true, inputs, state });
      expect(await rig.engine.diff(urn, seen.state, inputs)).toEqual({});
    });
  });

  it("changes nothing if the same update is repeated", async () => {
    await law(async (urn, inputs) => {
      const once = await rig.engine.update(urn, inputs, inputs);
      const things = new Map(rig.hosts.hub.things);
      expect(await rig.engine.update(urn, once.state, inputs)).toEqual(once);
      expect(rig.hosts.hub.things).toEqual(things);
    });
  });

  it("deletes every resource, and reports success again if the deletion is repeated", async () => {
    await law(async (urn, inputs) => {
      const { id, state } = await rig.engine.create(urn, inputs);
      await rig.engine.delete(urn, id, state);
      expect([rig.hosts.hub.things.size, rig.hosts.hub.records.size]).toEqual([0, 0]);
      await rig.engine.delete(urn, id, state);
    });
  });

  it("leaves inputs unchanged if they have been checked already", async () => {
    await law(async (urn, inputs) => {
      expect((await rig.engine.check(urn, inputs)).inputs).toEqual(inputs);
    });
  });

  it("never reports a resource as gone if one of its items is unknown", async () => {
    await law(async (urn, inputs) => {
      const { id, state } = await rig.engine.create(urn, inputs);
      const [address = ""] = [...rig.hosts.hub.things.keys()];
      rig.hosts.hub.things.clear();
      rig.hosts.hub.unknown.set(address, "it cannot be read");
      await expect(rig.engine.read(urn, id, { inputs, state })).rejects.toThrow("it cannot be read");
      rig.hosts.hub.unknown.clear();
    });
  });
});
