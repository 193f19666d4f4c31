import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  addressesFor,
  appearedSince,
  awaitedAddresses,
} from "../../src/host-kinds/droplet/awaited-addresses.ts";

const AWAITED = { region: "nyc3", before: ["192.0.2.1"] };
const address = (ip: string, droplet: { id: number } | null = null, slug = "nyc3") => {
  return { ip, droplet, region: { slug } };
};

test("an address counts as created by a killed run if it is new, not assigned, in the region, and not in the state", () => {
  const all = [
    address("192.0.2.1"),
    address("192.0.2.2", { id: 7 }),
    address("192.0.2.3", null, "ams3"),
    address("192.0.2.4"),
    address("192.0.2.5"),
  ];
  expect(appearedSince(AWAITED, all, ["192.0.2.4"])).toEqual(["192.0.2.5"]);
});

test("each host gets one address, and no host gets an address if there are more addresses than hosts", () => {
  expect(addressesFor({ hub: ["a", "b"], web: ["a", "b"], edge: [] })).toEqual({ hub: "a", web: "b" });
  expect(addressesFor({ hub: ["a"], web: ["a"] })).toEqual({ hub: "a" });
  expect(addressesFor({ hub: ["a", "b"] })).toEqual({});
});

test("the note about awaited addresses is separate for each stack", () => {
  const dir = mkdtempSync(join(tmpdir(), "muster-awaited-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const records = awaitedAddresses(dir);
  expect(records.read("fleet/prod")).toEqual({});
  records.write("fleet/prod", { hub: AWAITED });
  expect(awaitedAddresses(dir).read("fleet/prod")).toEqual({ hub: AWAITED });
  expect(records.read("fleet/test")).toEqual({});
});
