import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { machineOf, takenBy } from "../../src/host-kinds/local/provider/local-host-control.ts";
import type { SshHostSpec } from "../../src/host-kinds/ssh/index.ts";
import { readHosts, readInventory } from "../../src/inventory/read-inventory.ts";
import { resolveTarget } from "../../src/inventory/resolve-target.ts";
import { pinHost, renameHost } from "../../src/inventory/write-inventory.ts";
import { SOME_KEY } from "../fixtures/target.ts";

const HOST = { address: "192.0.2.1", hostKeys: [SOME_KEY] };

function project(): string {
  const dir = mkdtempSync(join(tmpdir(), "muster-inventory-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("a renamed host keeps its address and keys, and a repeated rename changes nothing", () => {
  const dir = project();
  pinHost(dir, "ssh", "hub", HOST);
  renameHost(dir, "ssh", "hub", "center");
  renameHost(dir, "ssh", "hub", "center");
  expect([...readHosts(dir, "ssh")]).toEqual([["center", HOST]]);
});

test("a renamed local host keeps its machine, and no second host can take that machine's name", () => {
  const dir = project();
  pinHost(dir, "local", "hub", HOST);
  renameHost(dir, "local", "hub", "center");
  renameHost(dir, "local", "center", "middle");
  const known = readHosts(dir, "local");
  expect([machineOf(known, "middle"), machineOf(known, "east")]).toEqual(["hub", "east"]);
  expect([takenBy(known, "hub"), takenBy(known, "middle")]).toEqual(["middle", undefined]);
});

test("a renamed host is verified with the key recorded under its former name until `up` has run", () => {
  const dir = project();
  pinHost(dir, "ssh", "hub", HOST);
  const center: SshHostSpec = {
    ...{ kind: "ssh", name: "center", address: HOST.address, hostKeys: [] },
    ...{ connectTimeout: 10, availability: "always", formerly: ["hub"], protect: false },
  };
  const keysOf = (name: string) => resolveTarget({ center }, readInventory(dir), name).hostKeys;
  expect(keysOf("center")).toEqual([SOME_KEY]);
  expect(keysOf("hub")).toEqual([SOME_KEY]);
  renameHost(dir, "ssh", "hub", "center");
  expect(keysOf("hub")).toEqual([SOME_KEY]);
});
