import { existsSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DirectoryItem } from "../../model/items.ts";
import type { MoveMark } from "../../model/move.ts";
import type { Host } from "../context.ts";
import { withFolder } from "../fs/walk.ts";
import { removeEmptyFolder, syncFolder } from "../fs/write.ts";
import { kindOf } from "../kinds/registry.ts";
import { kindContext } from "../reconcile/observe-items.ts";
import { contentSource } from "../store/contents.ts";
import { secretHasher } from "../store/secret-hasher.ts";
import type { Home } from "./home.ts";
import { writeMark } from "./move-state.ts";

/** Where a home stands until it is whole: on its own file system, in a folder that root alone can change. */
export function stagingOf(path: string): string {
  return join(dirname(path), `.muster-arriving-${basename(path)}`, "home");
}

/**
 * Puts a whole home in its place by a rename. Done again after a kill it goes on where it was: the mark says that all
 * is there, and the staging folder whether it was renamed already.
 *
 * @param mark in the state `placing`
 * @returns where something was moved aside that stood there; a copy that the agent once left behind is deleted
 */
export function place(host: Host, home: Home, mark: MoveMark): readonly string[] {
  const staging = stagingOf(home.path);
  const fate = mark.isStale ? "wipe" : "aside";
  const aside = existsSync(staging) ? removeFolder(host, home.path, fate) : [];
  if (existsSync(staging)) renameSync(staging, home.path);
  const parent = dirname(home.path);
  withFolder(parent, (folder) => {
    removeEmptyFolder(folder, basename(dirname(staging)));
    syncFolder(folder);
  });
  writeMark(host, { ...mark, state: "arrived" });
  return aside;
}

/** Leaves nothing of a home that did not come whole. */
export function clearStaging(host: Host, path: string): void {
  removeFolder(host, dirname(stagingOf(path)), "wipe");
}

function removeFolder(host: Host, path: string, onRemove: "aside" | "wipe"): readonly string[] {
  const want = { type: "directory", owner: "root", group: "root", mode: "0700" } as const;
  const item: DirectoryItem = { kind: "directory", path, onRemove, want };
  return kindOf("directory").remove(kindContext(host, contentSource(host), secretHasher(host)), { item });
}
