import { expect, test } from "vitest";
import type { ReaderSpec } from "../../src/config/fleet.ts";
import type { Digest, Items } from "../../src/model/items.ts";
import { compilePlan } from "../../src/resources/index.ts";
import { agent, fleetOf } from "../fixtures/fleet.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ci";
const host = (name: string) =>
  ({
    kind: "local",
    name,
    connectTimeout: 10,
    availability: "always",
    formerly: [],
    protect: false,
  }) as const;

function planFor(reader: Partial<ReaderSpec>) {
  const loom = agent({ name: "loom", user: "loom", host: "east", tenant: "lab" });
  const fleet = {
    ...fleetOf(agent(), loom),
    hosts: { hub: host("hub"), east: host("east") },
    readers: { ci: { name: "ci", key: KEY, ...reader } },
  };
  const { declarations, contents } = compilePlan(fleet, { bundle: "b", node: "n" });
  const readers = declarations.filter(({ type }) => type === "Reader");
  const textOf = (items: Items, name: string) => {
    const item = items[name];
    return item?.kind === "file" ? contents[item.want.content as Digest] : undefined;
  };
  return { declarations, readers, textOf };
}

test("a reader's key starts its gate alone, on every host", () => {
  const { readers, textOf } = planFor({});
  expect(readers.map(({ id }) => id)).toEqual(["hub/reader-ci", "east/reader-ci"]);
  const { items } = readers[0] ?? { items: {} };
  expect(textOf(items, "gate keys")).toBe(
    `restrict,command="sudo -n /usr/local/lib/muster/run gate read ci" ${KEY}\n`,
  );
  expect(textOf(items, "gate rights")).toBe(
    "muster-read-ci ALL=(root:root) NOPASSWD: /usr/local/lib/muster/run gate read ci\n",
  );
  expect(JSON.parse(textOf(items, "gate scope") ?? "")).toEqual({ host: "hub" });
});

test("a tenant's reader is on the hosts of its agents alone, and its scope names them", () => {
  const { readers, textOf } = planFor({ tenant: "lab" });
  expect(readers.map(({ id }) => id)).toEqual(["east/reader-ci"]);
  expect(JSON.parse(textOf(readers[0]?.items ?? {}, "gate scope") ?? "")).toEqual({
    host: "east",
    tenant: { name: "lab", agents: ["loom"] },
  });
});

test("sudo is on every host that a reader comes in to", () => {
  const { declarations } = planFor({ tenant: "lab" });
  const hosts = declarations.filter(({ type }) => type === "Host");
  expect(hosts.map(({ items }) => items["sudo"]?.kind)).toEqual([undefined, "package"]);
});
