import { join } from "node:path";
import type { HostKindName } from "../config/host-spec.ts";
import { HOST_KINDS } from "../host-kinds/registry.ts";
import type { InventoryHost } from "./inventory-host.ts";

/**
 * The hosts that have been reached, by kind. The entries of local hosts are only valid on this machine. All other
 * entries are committed and shared.
 */
export type Inventory = Readonly<Record<HostKindName, ReadonlyMap<string, InventoryHost>>>;

/** Returns the path of the inventory file for a host kind. */
export function inventoryFile(projectDir: string, kind: HostKindName): string {
  return join(projectDir, HOST_KINDS[kind].inventory.path);
}
