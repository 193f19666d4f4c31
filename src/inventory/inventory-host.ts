import type { HostBase, HostKindName } from "../config/host-spec.ts";
import type { Target } from "../transport/target.ts";

/** How a host was reached when `up` last met it, and the keys that it showed. */
export interface InventoryHost {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** A private key file, absolute. */
  readonly identityFile?: string;
  /**
   * Which machine it is: the number of a droplet, or the name that a local host was made by, where that is another.
   */
  readonly machine?: string;
  /** The `replace` of fleet.yaml by which the machine was made. */
  readonly replace?: string;
  /** Public keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** The file that has the hosts of one kind. */
export interface InventoryFile {
  /** Relative to the project. */
  readonly path: string;
  /** Comment lines at its top. */
  readonly header: string;
}

/** Where a host of the fleet is reached, and of which kind it is. */
export interface HostTarget extends Target {
  readonly kind: HostKindName;
}

/** What is known of a host, under its name or else a former one. */
export function metAs(
  known: ReadonlyMap<string, InventoryHost>,
  { name, formerly }: Pick<HostBase, "name" | "formerly">,
): InventoryHost | undefined {
  return [name, ...formerly].map((one) => known.get(one)).find((one) => one !== undefined);
}

/** How a host is reached that only the inventory describes. */
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

/** Where the inventory has a host's keys, for a person: "stacks/inventory.yaml (hosts.hub)". */
export function pinnedIn({ path }: InventoryFile, name: string): string {
  return `${path} (hosts.${name})`;
}
