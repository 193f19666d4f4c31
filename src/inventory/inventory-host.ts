import type { HostBase, HostKindName } from "../config/host-spec.ts";
import type { Target } from "../transport/target.ts";

/** How `up` last reached a host, and the public keys that the host presented. */
export interface InventoryHost {
  readonly address: string;
  /** Absent if ssh chooses the port. */
  readonly port?: number;
  /** Absent if ssh chooses the user. */
  readonly user?: string;
  /** The absolute path of a private key file. Absent if ssh chooses the key. */
  readonly identityFile?: string;
  /**
   * Identifies the machine: for a droplet, its number; for a renamed local host, the name under which it was
   * created. Absent for all other hosts.
   */
  readonly machine?: string;
  /** The value of `replace` in fleet.yaml when the machine was created. Absent if it was not set. */
  readonly replace?: string;
  /** Public keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** The inventory file for the hosts of one kind. */
export interface InventoryFile {
  /** Relative to the project. */
  readonly path: string;
  /** The comment lines at the top of the file. */
  readonly header: string;
}

/** How to reach a host of the fleet, and the host's kind. */
export interface HostTarget extends Target {
  readonly kind: HostKindName;
}

/** Finds the inventory entry of a host, under its current or a former name. */
export function inventoryEntry(
  known: ReadonlyMap<string, InventoryHost>,
  { name, formerly }: Pick<HostBase, "name" | "formerly">,
): InventoryHost | undefined {
  return [name, ...formerly].map((one) => known.get(one)).find((one) => one !== undefined);
}

/** Returns how to reach a host according to its inventory entry. */
export function knownTarget(
  { kind, name, connectTimeout }: Pick<HostBase, "kind" | "name" | "connectTimeout">,
  { address, port, user, identityFile, hostKeys }: InventoryHost,
  file: InventoryFile,
): HostTarget {
  return {
    ...{ kind, name, address, hostKeys, connectTimeout },
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile }),
    pinnedIn: pinnedIn(file, name),
  };
}

/** Describes for messages where a host's keys are recorded: "stacks/inventory.yaml (hosts.hub)". */
export function pinnedIn({ path }: InventoryFile, name: string): string {
  return `${path} (hosts.${name})`;
}
