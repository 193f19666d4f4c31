import { join } from "node:path";
import { UNIT_DIR } from "../model/host-paths.ts";
import type { DirectoryItem, FileItem } from "../model/items.ts";

type Content = FileItem["want"]["content"];

/** Returns a file that root owns. @param mode four octal digits */
export function rootFile(path: string, content: Content, mode: string): FileItem {
  return { kind: "file", path, want: { type: "file", content, owner: "root", group: "root", mode } };
}

/** Returns the file of a systemd unit. */
export function unitFile(unit: string, content: Content): FileItem {
  return rootFile(join(UNIT_DIR, unit), content, "0644");
}

/** Returns a folder that root owns. If the folder is empty, it is deleted together with its resource. */
export function rootFolder(path: string, group: string, mode: string): DirectoryItem {
  return {
    kind: "directory",
    path,
    onRemove: "delete",
    want: { type: "directory", owner: "root", group, mode },
  };
}
