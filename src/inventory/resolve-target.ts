import { InvalidError } from "../base/errors.ts";
import type { HostSpec, HostSpecs } from "../config/fleet.ts";
import { HOST_KIND_NAMES, HOST_KINDS, hostKindOf } from "../host-kinds/registry.ts";
import type { Inventory } from "./inventory-file.ts";
import { type HostTarget, inventoryEntry, knownTarget } from "./inventory-host.ts";

/** The connect timeout, in seconds, for a host that fleet.yaml no longer declares. */
const CONNECT_TIMEOUT = 10;

/**
 * Finds the address and the login of a host. Fails immediately if it is known that the host's machine is stopped.
 *
 * @param project the folder of fleet.yaml
 * @throws HostError if the host's machine is stopped or does not exist yet; InvalidError for an unknown name
 */
export function targetOf(
  project: string,
  hosts: HostSpecs | undefined,
  inventory: Inventory,
  host: string,
): HostTarget {
  const target = resolveTarget(hosts, inventory, host);
  hostKindOf(target).checkRunning?.(project, host, inventory[target.kind].get(host));
  return target;
}

/**
 * Finds the address and the login of a host. Uses fleet.yaml if the host is declared there, and otherwise the
 * inventory.
 *
 * @throws HostError "never-booted" if the host's machine does not exist yet; InvalidError for an unknown name
 */
export function resolveTarget(hosts: HostSpecs | undefined, inventory: Inventory, name: string): HostTarget {
  const spec = specOf(hosts ?? {}, name);
  if (spec === undefined) return inventoryTarget(inventory, name, Object.keys(hosts ?? {}));
  return hostKindOf(spec).target(spec, inventoryEntry(inventory[spec.kind], spec));
}

/**
 * Finds a declared host by its current name or a former name. Until the next `up`, the state contains the former name
 * of a renamed host.
 */
export function specOf(hosts: HostSpecs, name: string): HostSpec | undefined {
  if (Object.hasOwn(hosts, name)) return hosts[name];
  return Object.values(hosts).find(({ formerly }) => formerly.includes(name));
}

function inventoryTarget(inventory: Inventory, name: string, declared: readonly string[]): HostTarget {
  for (const kind of HOST_KIND_NAMES) {
    const known = inventory[kind].get(name);
    const spec = { kind, name, connectTimeout: CONNECT_TIMEOUT };
    if (known !== undefined) return knownTarget(spec, known, HOST_KINDS[kind].inventory);
  }
  const names = new Set([...declared, ...Object.values(inventory).flatMap((hosts) => [...hosts.keys()])]);
  throw new InvalidError({
    what: `there is no host "${name}"`,
    why: "neither fleet.yaml nor the inventory contains it.",
    next: `Known hosts: ${[...names].join(", ") || "none"}.`,
  });
}
