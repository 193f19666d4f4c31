import { existsSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { agentUnit } from "../../model/host-paths.ts";
import type { DirectoryItem } from "../../model/items.ts";
import { MOST_EVENTS, type MoveMark, type SettleAnswer, type SettleRequest } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { withFolder } from "../fs/walk.ts";
import { removeEmptyFolder, syncFolder } from "../fs/write.ts";
import { kindOf } from "../kinds/registry.ts";
import { append, record } from "../reports/history.ts";
import { requestContext } from "../request-context.ts";
import { withResourceLock } from "../system/locks.ts";
import { release } from "../units/quarantine.ts";
import { start } from "../units/start-stop.ts";
import { deleteMark, type Home, readMark, writeMark } from "./move-state.ts";

/** Where a home is kept until it is complete: on its own file system, in a folder that only root can change. */
export function stagingPath(path: string): string {
  return join(dirname(path), `.muster-arriving-${basename(path)}`, "home");
}

/**
 * Puts a complete home in its place by a rename. After a kill it can be called again: the mark records that everything
 * has arrived, and the staging folder shows whether the rename is done.
 *
 * @param mark in the state `placing`
 * @returns the path of what was archived to make room; a copy that the agent left behind in an earlier move is deleted
 */
export function placeHome(host: Host, home: Pick<Home, "path">, mark: MoveMark): readonly string[] {
  const staging = stagingPath(home.path);
  const onRemove = mark.isStale ? "wipe" : "aside";
  const archived = existsSync(staging) ? removeFolder(host, home.path, onRemove) : [];
  if (existsSync(staging)) renameSync(staging, home.path);
  const parent = dirname(home.path);
  withFolder(parent, (folder) => {
    removeEmptyFolder(folder, basename(dirname(staging)));
    syncFolder(folder);
  });
  writeMark(host, { ...mark, state: "arrived" });
  return archived;
}

/** Deletes what has been received of a home that is not complete. */
export function clearStaging(host: Host, path: string): void {
  removeFolder(host, dirname(stagingPath(path)), "wipe");
}

function removeFolder(host: Host, path: string, onRemove: "aside" | "wipe"): readonly string[] {
  const want = { type: "directory", owner: "root", group: "root", mode: "0700" } as const;
  const item: DirectoryItem = { kind: "directory", path, onRemove, want };
  return kindOf("directory").remove(requestContext(host), { item });
}

/** Commits or aborts the move here, as the other host reports its outcome. Repeating it changes nothing. */
export function settle(host: Host, { id, move, outcome, history = [] }: SettleRequest): SettleAnswer {
  const agent = agentOf(id) ?? "";
  return withResourceLock(host, id, () => {
    const mark = readMark(host, agent);
    if (mark?.move !== move) return { state: mark?.state ?? "over" };
    if (mark.state === "leaving")
      return outcome === "arrived" ? commitLeaving(host, mark) : abort(host, mark);
    if (mark.state !== "arrived" || outcome !== "arrived") return { state: mark.state };
    append(
      host,
      history.slice(-MOST_EVENTS).map((event) => ({ ...event, agent })),
    );
    record(host, [{ event: "arrived", agent, detail: `from ${mark.other}` }]);
    release(host, agentUnit(agent));
    deleteMark(host, agent);
    return { state: "over" };
  });
}

function commitLeaving(host: Host, mark: MoveMark): SettleAnswer {
  return { state: writeMark(host, { ...mark, state: "gone" }).state };
}

/** The move failed before the other host had the home: the agent continues here. */
function abort(host: Host, mark: MoveMark): SettleAnswer {
  cancelLeaving(host, mark);
  if (mark.ran) start(host, "start", agentUnit(mark.agent));
  return { state: "over" };
}

/** Ends a move away. No other host can have used the home while it is marked as leaving, so it is still valid here. */
export function cancelLeaving(host: Host, { agent, other, held }: MoveMark): void {
  record(host, [{ event: "arrived", agent, detail: `again: it did not move to ${other}` }]);
  if (!held) release(host, agentUnit(agent));
  deleteMark(host, agent);
}
