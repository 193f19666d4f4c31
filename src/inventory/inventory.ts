import { join } from "node:path";
import type { HostSpec } from "../spec/fleet.ts";

export type HostKind = HostSpec["kind"];

/** How a host was reached when `up` last met it, and the keys that it showed. */
export interface InventoryHost {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** A private key file, absolute. */
  readonly identityFile?: string;
  /** The machine of a local host, where that has another name: the one that the host had when it was made. */
  readonly machine?: string;
  /** Public keys, such as `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
}

/** The hosts that were met: those of kind ssh are committed and public, the local ones are this machine's. */
export type Inventory = Readonly<Record<HostKind, ReadonlyMap<string, InventoryHost>>>;

/** The inventory's file of each kind, relative to the project. */
export const INVENTORY_FILES: Readonly<Record<HostKind, string>> = {
  ssh: "stacks/inventory.yaml",
  local: "stacks/inventory.local.yaml",
};

export function inventoryFile(projectDir: string, kind: HostKind): string {
  return join(projectDir, INVENTORY_FILES[kind]);
}
