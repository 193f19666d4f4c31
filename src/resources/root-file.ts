import type { FileItem } from "../model/items.ts";

/** A file of root's. */
export function rootFile(path: string, content: FileItem["want"]["content"], mode: string): FileItem {
  return { kind: "file", path, want: { type: "file", content, owner: "root", group: "root", mode } };
}
