import { existsSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { agentUnit } from "../../model/host-paths.ts";
import type { DirectoryItem } from "../../model/items.ts";
import { MOST_EVENTS, type MoveMark, type SettleAnswer, type SettleRequest } from "../../model/move.ts";
import { agentOf } from "../../model/resource-id.ts";
import type { Host } from "../context.ts";
import { markArrived } from "../copies/copy-data.ts";
import { withFolder } from "../fs/open-without-symlinks.ts";
import { removeEmptyFolder, syncFolder } from "../fs/write.ts";
import { kindOf } from "../kinds/registry.ts";
import { append, record } from "../reports/history.ts";
import { requestContext } from "../request-context.ts";
import { parseLoginRecord, writeLoginRecord } from "../store/login-records.ts";
import { withResourceLock } from "../system/locks.ts";
import { release } from "../units/quarantine.ts";
import { start } from "../units/start-stop.ts";
import { countFromNow } from "../usage/usage-store.ts";
import { deleteMark, type Home, readMark, writeMark } from "./move-state.ts";

/**
 * Returns the path at which an arriving home is kept until it is complete. This path is on the same file
 * system as the final path, in a folder that only root can change.
 */
export function stagingPath(path: string): string {
  return join(dirname(path), `.muster-arriving-${basename(path)}`, "home");
}

/**
 * Moves a complete home to its final path by a rename. If this run is killed, the rename can be repeated, because the
 * host has recorded that the complete home has arrived, and the staging folder exists until the rename is done.
 *
 * @param mark the host's record of the move, in the state `placing`
 * @returns the archive paths of the entries that were at the final path; an old copy from an earlier move is deleted,
 * not archived
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
  markArrived(host, agentUnit(mark.agent));
  writeMark(host, { ...mark, state: "arrived" });
  return archived;
}

/** Deletes the received part of an incomplete home. */
export function clearStaging(host: Host, path: string): void {
  removeFolder(host, dirname(stagingPath(path)), "wipe");
}

function removeFolder(host: Host, path: string, onRemove: "aside" | "wipe"): readonly string[] {
  const want = { type: "directory", owner: "root", group: "root", mode: "0700" } as const;
  const item: DirectoryItem = { kind: "directory", path, onRemove, want };
  return kindOf("directory").remove(requestContext(host), { item });
}

/**
 * Completes or cancels a move on this host, depending on the outcome on the other host. A
 * repeated request changes nothing.
 */
export function settle(
  host: Host,
  { id, move, outcome, history = [], logins = {} }: SettleRequest,
): SettleAnswer {
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
    writeLoginRecords(host, mark, logins);
    record(host, [{ event: "arrived", agent, detail: `from ${mark.other}` }]);
    countFromNow(host, agent, new Date());
    release(host, agentUnit(agent));
    deleteMark(host, agent);
    return { state: "over" };
  });
}

/** Writes the records of the login files in the agent's home, which the old host has sent. */
function writeLoginRecords(host: Host, { home }: MoveMark, logins: SettleRequest["logins"] & {}): void {
  for (const [path, value] of Object.entries(logins)) {
    const record = parseLoginRecord(value);
    if (record !== undefined && home !== undefined && path.startsWith(`${home}/`))
      writeLoginRecord(host, path, record);
  }
}

function commitLeaving(host: Host, mark: MoveMark): SettleAnswer {
  return { state: writeMark(host, { ...mark, state: "gone" }).state };
}

/**
 * Lets the agent continue on this host, because the move failed before the complete home
 * had arrived on the other host.
 */
function abort(host: Host, mark: MoveMark): SettleAnswer {
  cancelLeaving(host, mark);
  if (mark.ran) start(host, "start", agentUnit(mark.agent));
  return { state: "over" };
}

/**
 * Cancels a move from this host. While the state of the move is `leaving`, no other host can have used the
 * home, so the home on this host is still valid.
 */
export function cancelLeaving(host: Host, { agent, other, held }: MoveMark): void {
  record(host, [{ event: "arrived", agent, detail: `again: the move to ${other} was cancelled` }]);
  if (!held) release(host, agentUnit(agent));
  deleteMark(host, agent);
}
