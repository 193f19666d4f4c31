import { readdirSync } from "node:fs";
import { basename } from "node:path";
import type { Items } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { hasCode } from "../system/error-reason.ts";

/** Homes of the same name that were moved aside, and not brought back, when what had them was removed. */
export function archivedHomes(host: Host, items: Items): string[] {
  const homes = Object.values(items).flatMap((item) =>
    item.kind === "directory" && ["aside", "wipe"].includes(item.onRemove ?? "") ? [basename(item.path)] : [],
  );
  const kept = homes.flatMap((name) => listOf(host.paths.aside).filter((entry) => isOf(name, entry)));
  return kept.sort().map((entry) => `${host.paths.aside}/${entry}`);
}

/** `<name>-<time as compactTime has it>`. */
function isOf(name: string, entry: string): boolean {
  return entry.startsWith(`${name}-`) && /^\d{8}T\d{9}Z$/.test(entry.slice(name.length + 1));
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
