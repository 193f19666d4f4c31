import { join } from "node:path";
import type { HostSpec } from "../config/fleet.ts";

export type HostKind = HostSpec["kind"];

/** How a host was reached when `up` last met it, and the keys that it showed. */
export interface InventoryHost {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** A private key file, absolute. */
  readonly identityFile?: string;
  /**
   * Which machine it is: of a droplet its number; of a local host the name that it was made by, where that is another.
   */
  readonly machine?: string;
  /** The `replace` of fleet.yaml by which the machine was made. */
  readonly replace?: string;
  /** Public keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** The hosts that were met: the local ones are this machine's, the others are committed and public. */
export type Inventory = Readonly<Record<HostKind, ReadonlyMap<string, InventoryHost>>>;

/** The inventory's file of each kind, relative to the project. */
export const INVENTORY_FILES: Readonly<Record<HostKind, string>> = {
  ssh: "stacks/inventory.yaml",
  local: "stacks/inventory.local.yaml",
  droplet: "stacks/inventory.droplets.yaml",
};

export function inventoryFile(projectDir: string, kind: HostKind): string {
  return join(projectDir, INVENTORY_FILES[kind]);
}
