import { join } from "node:path";
import type { HostKindName } from "../config/host-spec.ts";
import { HOST_KINDS } from "../host-kinds/registry.ts";
import type { InventoryHost } from "./inventory-host.ts";

/** The hosts that were met, by kind: the local ones are this machine's, the others are committed and public. */
export type Inventory = Readonly<Record<HostKindName, ReadonlyMap<string, InventoryHost>>>;

/** The path of the file that has the hosts of a kind. */
export function inventoryFile(projectDir: string, kind: HostKindName): string {
  return join(projectDir, HOST_KINDS[kind].inventory.path);
}
