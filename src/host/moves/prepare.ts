import type { Items } from "../../model/items.ts";
import type { ArriveAnswer, ArriveRequest, MoveMark } from "../../model/move.ts";
import type { Host } from "../context.ts";
import { converge } from "../reconcile/converge.ts";
import { findRecord, readRecords } from "../store/records.ts";
import { withResourceLock } from "../system/locks.ts";
import { clearStaging, place } from "./commit.ts";
import { type Home, moveHomeOf } from "./home.ts";
import { markOf, writeMark } from "./move-state.ts";
import { beginUnpacking, endUnpacking } from "./unpack.ts";

/** Makes room for a home: its user, and a folder beside the place where it will be. */
export function arrive(host: Host, request: ArriveRequest): ArriveAnswer {
  const home = moveHomeOf(request.id, request.items);
  const mark = withResourceLock(host, request.id, () => awaitHome(host, request, home));
  if (mark === undefined) return { state: "lives" };
  makeAccounts(host, request);
  if (request.move === undefined) return { state: mark.state === "arrived" ? "arrived" : "open" };
  return withResourceLock(host, request.id, () => open(host, request, home, request.move ?? ""));
}

/** Notes that the agent comes; undefined where it lives here. The note stands before anything of it does. */
function awaitHome(
  host: Host,
  { id, owner, from }: ArriveRequest,
  { agent, path }: Home,
): MoveMark | undefined {
  const before = markOf(host, agent);
  const isKnown = findRecord(readRecords(host), id, owner) !== undefined;
  if (before === undefined ? isKnown : before.state === "leaving") return undefined;
  if (before !== undefined && before.state !== "gone") return before;
  return writeMark(host, coming(from, "", { agent, path }, before?.state === "gone"));
}

/** Whom its home is to belong to. The record, by which all of it can be removed, becomes whole when it has arrived. */
function makeAccounts(host: Host, { id, type, owner, items }: ArriveRequest): void {
  if (findRecord(readRecords(host), id, owner)?.owner === owner) return;
  const accounts = Object.entries(items).filter(([, { kind }]) => kind === "user");
  const only: Items = Object.fromEntries(accounts);
  converge(host, { op: "converge", id, type, owner, items: only, contents: {}, secrets: {} });
}

function coming(
  other: string,
  move: string,
  { agent, path }: Pick<Home, "agent" | "path">,
  isStale: boolean,
): MoveMark {
  const since = new Date().toISOString();
  return { agent, state: "arriving", move, other, since, home: path, ...(isStale && { isStale }) };
}

function open(host: Host, { from }: ArriveRequest, home: Home, move: string): ArriveAnswer {
  const mark = markOf(host, home.agent);
  if (mark?.move === move && mark.state === "arrived") return { state: "arrived" };
  if (mark?.move === move && mark.state === "placing") {
    place(host, home, mark);
    return { state: "arrived" };
  }
  // What came by another move never lived here.
  const hasCopy = mark?.isStale === true || mark?.state === "arrived";
  writeMark(host, coming(from, move, home, hasCopy));
  endUnpacking(move);
  clearStaging(host, home.path);
  beginUnpacking(host, home, move);
  return { state: "open" };
}
