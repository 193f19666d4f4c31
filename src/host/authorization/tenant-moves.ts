import { MOVE_CHUNK, type MoveRequest } from "../../model/move.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";
import type { Host } from "../context.ts";
import { settle } from "../moves/complete-or-cancel.ts";
import { arrive, leave } from "../moves/prepare.ts";
import { pack, unpack } from "../moves/transfer.ts";
import type { Table } from "../serve.ts";
import { parseLoginRecord } from "../store/login-records.ts";
import { flawOf, isMap, OWNER, type Shape } from "./check-shape.ts";
import type { Ownership } from "./tenant-ownership.ts";
import { refuse } from "./tenant-refusal.ts";

const MOVE = /^[0-9a-f-]{36}$/;
const HOST = /^[\w.-]{1,100}$/;
const SUM = /^[0-9a-f]{64}$/;

/** The valid form of each kind of request. */
const FORMS: Readonly<Record<MoveRequest["op"], Shape>> = {
  leave: { op: "leave", id: /./, owner: OWNER, to: HOST },
  pack: { op: "pack", id: /./, owner: OWNER, move: MOVE, first: (value) => typeof value === "boolean" },
  arrive: {
    op: "arrive",
    id: /./,
    type: /^\w{1,50}$/,
    owner: OWNER,
    items: isMap,
    from: HOST,
    "move?": MOVE,
  },
  unpack: { op: "unpack", id: /./, move: MOVE, bytes: isChunk, "sum?": SUM },
  settle: {
    op: "settle",
    id: /./,
    move: MOVE,
    outcome: /^(arrived|failed)$/,
    "history?": isHistory,
    "logins?": (value) =>
      isMap(value) && Object.values(value).every((one) => parseLoginRecord(one) !== undefined),
  },
};

/**
 * Lets a tenant's stack move its own agents. The stack must have applied the agent on the old host, and the
 * platform must have prepared the new host for the agent. The path and the user of the agent's home are
 * checked against the host's records or the scope.
 */
export function moveHandlers(scope: TenantScope, own: Ownership): Table {
  const inside = (host: Host, request: MoveRequest): Host => {
    const flaw = flawOf(request, FORMS[request.op]);
    if (flaw !== undefined) refuse(scope, `a request to ${request.op}`, `it ${flaw}`);
    const known = own.records(host);
    const items = request.op === "arrive" ? request.items : {};
    own.check(request.id, items, known, request.op === "arrive");
    return own.inside(host, known);
  };
  return {
    leave: (host, request) => leave(inside(host, request), request),
    pack: (host, request) => pack(inside(host, request), request),
    arrive: (host, request) => arrive(inside(host, request), request),
    unpack: (host, request) => unpack(inside(host, request), request),
    settle: (host, request) => settle(inside(host, request), request),
  };
}

function isChunk(value: unknown): boolean {
  return typeof value === "string" && value.length <= 2 * MOVE_CHUNK && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

function isHistory(value: unknown): boolean {
  const isEvent = (one: unknown) =>
    isMap(one) &&
    flawOf(one, { time: /^[\dTZ:.-]{1,40}$/, event: /^[a-z-]{1,30}$/, "agent?": /./, "detail?": /./ });
  return Array.isArray(value) && value.every((one) => isEvent(one) === undefined);
}
