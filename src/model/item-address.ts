import { formerLabel } from "./former-unit.ts";
import type { HostItem } from "./items.ts";

/**
 * Returns the address of an item, which says where the item is on its host. No two items
 * of a host have the same address.
 */
export function itemAddress(item: HostItem): string {
  if (item.kind === "rows") return `${item.path} ${item.table}`;
  if (item.kind === "program") return `program ${item.name} of ${item.unit}`;
  if (item.kind === "rights") return `rights of ${item.user}`;
  if (item.kind === "model") return `model of ${item.unit}`;
  if (item.kind === "copy") return `copy to ${item.to}`;
  if (item.kind === "checkout") return `checkout ${item.folder}`;
  if (item.kind === "unit" && item.manager !== undefined) return formerLabel(item);
  if (item.kind === "running") return `runtime of ${item.unit}`;
  if ("path" in item) return item.path;
  return "name" in item ? `${item.kind} ${item.name}` : item.kind;
}
