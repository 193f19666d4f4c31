import { InvalidError } from "../base/errors.ts";
import type { DropletHostSpec, HostSpec, HostSpecs, LocalHostSpec, SshHostSpec } from "../config/fleet.ts";
import { HostError } from "../transport/host-error.ts";
import type { Target } from "../transport/target.ts";
import { type HostKind, INVENTORY_FILES, type Inventory, type InventoryHost } from "./inventory.ts";

/** Seconds for a host that fleet.yaml no longer declares. */
const CONNECT_TIMEOUT = 10;

/**
 * How to reach a host: as fleet.yaml declares it, with the keys that it names or else the inventory's; a droplet at
 * the address that the inventory has; a local host, and one that fleet.yaml no longer knows, as the inventory says.
 *
 * @throws HostError "never-booted" for a local host or a droplet that was not made yet; InvalidError for an unknown name
 */
export function resolveTarget(hosts: HostSpecs | undefined, inventory: Inventory, name: string): Target {
  const spec = specOf(hosts ?? {}, name);
  if (spec === undefined) return inventoryTarget(inventory, name, Object.keys(hosts ?? {}));
  if (spec.kind === "local") return localTarget(spec, inventory);
  return spec.kind === "ssh" ? sshTarget(spec, inventory) : dropletTarget(spec, inventory);
}

/** A host that was renamed is meant by its former names too, which the state has until the next `up`. */
export function specOf(hosts: HostSpecs, name: string): HostSpec | undefined {
  if (Object.hasOwn(hosts, name)) return hosts[name];
  return Object.values(hosts).find(({ formerly }) => formerly.includes(name));
}

/** What is known of a host, under its name or else a former one. */
export function metAs(
  known: ReadonlyMap<string, InventoryHost>,
  { name, formerly }: Pick<HostSpec, "name" | "formerly">,
): InventoryHost | undefined {
  return [name, ...formerly].map((one) => known.get(one)).find((one) => one !== undefined);
}

function sshTarget(declared: SshHostSpec, inventory: Inventory): Target {
  const { kind, hostKeys, availability: _, formerly: __, protect: ___, observe: ____, ...spec } = declared;
  const known = metAs(inventory.ssh, declared);
  // The keys belong to whoever answered at that address; another address is another first contact.
  const isSame = known?.address === spec.address && known.port === spec.port;
  const met = isSame ? known.hostKeys : [];
  if (hostKeys.length > 0) {
    return { ...spec, kind, hostKeys, pinnedIn: `fleet.yaml (hosts.${spec.name}.hostKeys)` };
  }
  return { ...spec, kind, hostKeys: met, pinnedIn: pinnedIn(kind, spec.name) };
}

function localTarget(spec: LocalHostSpec, inventory: Inventory): Target {
  const { name, connectTimeout } = spec;
  const known = metAs(inventory.local, spec);
  if (known !== undefined) return knownTarget("local", name, known, connectTimeout);
  throw new HostError({
    host: name,
    reason: "never-booted",
    what: "it cannot be reached",
    why: "this local host was never booted on this machine.",
    next: "Run `npx pulumi up`.",
  });
}

function dropletTarget(declared: DropletHostSpec, inventory: Inventory): Target {
  const known = metAs(inventory.droplet, declared);
  if (known !== undefined) return dropletAt(declared, known);
  throw new HostError({
    host: declared.name,
    reason: "never-booted",
    what: "it cannot be reached",
    why: "its droplet was not made yet, or not by anybody who committed stacks/inventory.droplets.yaml.",
    next: "Run `npx pulumi up`.",
  });
}

/** How a droplet is reached at an address; no keys are known where it was never met there. */
export function dropletAt(
  { kind, name, port, user, identityFile, connectTimeout, hostKeys: declared }: DropletHostSpec,
  { address, hostKeys }: Pick<InventoryHost, "address" | "hostKeys">,
): Target {
  const isDeclared = declared.length > 0;
  return {
    ...{ kind, name, address, connectTimeout },
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile }),
    hostKeys: isDeclared ? declared : hostKeys,
    pinnedIn: isDeclared ? `fleet.yaml (hosts.${name}.hostKeys)` : pinnedIn("droplet", name),
  };
}

function inventoryTarget(inventory: Inventory, name: string, declared: readonly string[]): Target {
  for (const kind of Object.keys(INVENTORY_FILES) as HostKind[]) {
    const known = inventory[kind].get(name);
    if (known !== undefined) return knownTarget(kind, name, known, CONNECT_TIMEOUT);
  }
  const names = new Set([...declared, ...Object.values(inventory).flatMap((hosts) => [...hosts.keys()])]);
  throw new InvalidError({
    what: `there is no host "${name}"`,
    why: "neither fleet.yaml nor the inventory knows it.",
    next: `Known are: ${[...names].join(", ") || "none"}.`,
  });
}

function knownTarget(kind: HostKind, name: string, known: InventoryHost, connectTimeout: number): Target {
  const { machine: _, replace: __, ...way } = known;
  return { ...way, name, kind, connectTimeout, pinnedIn: pinnedIn(kind, name) };
}

function pinnedIn(kind: HostKind, name: string): string {
  return `${INVENTORY_FILES[kind]} (hosts.${name})`;
}
