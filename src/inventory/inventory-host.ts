import type { HostBase, HostKindName } from "../config/host-spec.ts";
import type { Target } from "../transport/target.ts";

/** The address and the login with which `up` last reached a host, and the public keys that the host presented. */
export interface InventoryHost {
  readonly address: string;
  /** The port of the SSH server. Absent if ssh chooses the port. */
  readonly port?: number;
  /** The user that logs in. Absent if ssh chooses the user. */
  readonly user?: string;
  /** The absolute path of a private key file. Absent if ssh chooses the key. */
  readonly identityFile?: string;
  /**
   * The identity of the machine. For a droplet, this is its number. For a renamed local host, this is the name with
   * which it was created. Absent for all other hosts.
   */
  readonly machine?: string;
  /** The value of `replace` in fleet.yaml when the machine was created. Absent if `replace` was not set. */
  readonly replace?: string;
  /** Public keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** The inventory file for the hosts of one kind. */
export interface InventoryFile {
  /** The path relative to the project. */
  readonly path: string;
  /** The comment lines at the top of the file. */
  readonly header: string;
}

/** The address and the login of a host, and the host's kind. */
export interface HostTarget extends Target {
  readonly kind: HostKindName;
}

/** Finds the inventory entry of a host by its current name or a former name. */
export function inventoryEntry(
  known: ReadonlyMap<string, InventoryHost>,
  { name, formerly }: Pick<HostBase, "name" | "formerly">,
): InventoryHost | undefined {
  return [name, ...formerly].map((one) => known.get(one)).find((one) => one !== undefined);
}

/** Returns the target of a host from its inventory entry. */
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

/** Returns the place where a host's keys are recorded, as text for messages: "stacks/inventory.yaml (hosts.hub)". */
export function pinnedIn({ path }: InventoryFile, name: string): string {
  return `${path} (hosts.${name})`;
}
