import { describe, expect, test } from "vitest";
import { InvalidError } from "../../src/base/errors.ts";
import type { Fleet } from "../../src/config/fleet.ts";
import type { SshHostSpec } from "../../src/host-kinds/ssh/index.ts";
import type { Inventory } from "../../src/inventory/inventory-file.ts";
import type { InventoryHost } from "../../src/inventory/inventory-host.ts";
import { resolveTarget } from "../../src/inventory/resolve-target.ts";
import { fleetOf } from "../fixtures/fleet.ts";
import { SOME_KEY } from "../fixtures/target.ts";

const OTHER_KEY = SOME_KEY.replace("HR4f", "HR4g");

function inventory(parts: {
  ssh?: Record<string, InventoryHost>;
  local?: Record<string, InventoryHost>;
  droplet?: Record<string, InventoryHost>;
  pulumi?: Record<string, InventoryHost>;
}): Inventory {
  return {
    ssh: new Map(Object.entries(parts.ssh ?? {})),
    local: new Map(Object.entries(parts.local ?? {})),
    droplet: new Map(Object.entries(parts.droplet ?? {})),
    pulumi: new Map(Object.entries(parts.pulumi ?? {})),
  };
}

function sshFleet(parts: Partial<SshHostSpec> = {}): Fleet {
  const east: SshHostSpec = {
    kind: "ssh",
    name: "east",
    address: "east.example",
    port: 2222,
    user: "admin",
    hostKeys: [],
    connectTimeout: 7,
    availability: "always",
    formerly: [],
    protect: false,
    ...parts,
  };
  return { ...fleetOf(), hosts: { east } };
}

describe("the connection settings of a host", () => {
  test("come from fleet.yaml for an ssh host, with the host keys that are recorded for its address", () => {
    const known = inventory({ ssh: { east: { address: "east.example", port: 2222, hostKeys: [SOME_KEY] } } });
    expect(resolveTarget(sshFleet().hosts, known, "east")).toEqual({
      name: "east",
      kind: "ssh",
      address: "east.example",
      port: 2222,
      user: "admin",
      connectTimeout: 7,
      hostKeys: [SOME_KEY],
      pinnedIn: "stacks/inventory.yaml (hosts.east)",
    });
  });

  test.each([{ address: "west.example" }, { port: 22 }])(
    "include no recorded host key if fleet.yaml has changed the ssh host to %o",
    (moved) => {
      const known = inventory({
        ssh: { east: { address: "east.example", port: 2222, hostKeys: [SOME_KEY] } },
      });
      expect(resolveTarget(sshFleet(moved).hosts, known, "east").hostKeys).toEqual([]);
    },
  );

  test("prefer the host keys in fleet.yaml to the host keys in the inventory", () => {
    const known = inventory({ ssh: { east: { address: "east.example", port: 2222, hostKeys: [SOME_KEY] } } });
    const target = resolveTarget(sshFleet({ hostKeys: [OTHER_KEY] }).hosts, known, "east");
    expect(target.hostKeys).toEqual([OTHER_KEY]);
    expect(target.pinnedIn).toContain("fleet.yaml");
  });

  test("include the address of a local host that was booted on this machine", () => {
    const known = inventory({ local: { hub: { address: "10.9.0.2", user: "root", hostKeys: [SOME_KEY] } } });
    const target = resolveTarget(fleetOf().hosts, known, "hub");
    expect(target).toMatchObject({ kind: "local", address: "10.9.0.2", user: "root", connectTimeout: 10 });
  });

  test("report a local host as unreachable, and not as unknown, if it was never booted", () => {
    expect(() => resolveTarget(fleetOf().hosts, inventory({}), "hub")).toThrow(
      "hub: it cannot be reached: this local host has never been booted on this machine. Run `npx pulumi up`.",
    );
  });

  test("come from the inventory if fleet.yaml no longer declares the host", () => {
    const known = inventory({ ssh: { old: { address: "old.example", hostKeys: [SOME_KEY] } } });
    expect(resolveTarget(fleetOf().hosts, known, "old")).toMatchObject({
      kind: "ssh",
      address: "old.example",
    });
    expect(resolveTarget(undefined, known, "old").hostKeys).toEqual([SOME_KEY]);
  });

  test.each(["nobody", "constructor"])(
    "cannot be resolved if neither fleet.yaml nor the inventory contains the host: %s",
    (name) => {
      const resolve = () => resolveTarget(fleetOf().hosts, inventory({}), name);
      expect(resolve).toThrow(InvalidError);
      expect(resolve).toThrow("Known hosts: hub.");
    },
  );
});
