import type { HostBase, HostKindName } from "../config/host-spec.ts";
import type { Target } from "../transport/target.ts";

/** How `up` last reached a host, and the public keys that the host presented. */
export interface InventoryHost {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** The absolute path of a private key file. */
  readonly identityFile?: string;
  /**
   * Identifies the machine: the number of a droplet, or the name under which a local host was created if that
   * differs from its current name.
   */
  readonly machine?: string;
  /** The value of `replace` in fleet.yaml when the machine was created. */
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

/** How a host of the fleet is reached, and its kind. */
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
