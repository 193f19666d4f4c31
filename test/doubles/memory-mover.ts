import { MusterError } from "../../src/base/errors.ts";
import type { MoveMark, MoveRequest } from "../../src/model/move.ts";
import { agentOf } from "../../src/model/resource-id.ts";
import type { AgentMover } from "../../src/provider/context.ts";
import type { MemoryHost } from "./memory-host.ts";

/**
 * Moves agents from and to a host in memory as on a real host. A home is one text, which is sent in one piece.
 */
export function memoryMover(host: MemoryHost): AgentMover {
  const arrived = (request: MoveRequest) => {
    host.requests.push(request);
    if (host.unreachable !== undefined) throw host.unreachable;
  };
  const mark = (agent: string, state: MoveMark["state"], move: string, other: string) =>
    void host.moves.set(agent, { agent, state, move, other, since: "2026-01-02T03:04:05Z" });
  return {
    leave: async (request) => {
      arrived(request);
      const agent = agentOf(request.id) ?? "";
      const before = host.moves.get(agent);
      if (before?.state === "gone") return { state: "gone", move: before.move, history: [] };
      mark(agent, "leaving", before?.move ?? "m1", request.to);
      return { state: "leaving", move: before?.move ?? "m1", history: [] };
    },
    pack: async (request) => {
      arrived(request);
      const text = host.homes.get(agentOf(request.id) ?? "") ?? "";
      return { bytes: Buffer.from(text).toString("base64"), sum: "sum" };
    },
    arrive: async (request) => {
      arrived(request);
      const agent = agentOf(request.id) ?? "";
      const before = host.moves.get(agent);
      if (before === undefined && host.records.has(request.id)) return { state: "lives" };
      if (before?.state === "arrived" && before.move === request.move) return { state: "arrived" };
      mark(agent, "arriving", request.move ?? "", request.from);
      return { state: "open" };
    },
    unpack: async (request) => {
      arrived(request);
      if (host.failAfter === 0) throw new MusterError({ what: request.id, why: "the disk is full." });
      const agent = agentOf(request.id) ?? "";
      host.homes.set(agent, Buffer.from(request.bytes, "base64").toString());
      mark(agent, "arrived", request.move, host.moves.get(agent)?.other ?? "");
      return { aside: [] };
    },
    settle: async (request) => {
      arrived(request);
      const agent = agentOf(request.id) ?? "";
      const before = host.moves.get(agent);
      if (before?.state !== "leaving" || request.outcome === "failed") host.moves.delete(agent);
      else mark(agent, "gone", before.move, before.other);
      return { state: host.moves.get(agent)?.state ?? "over" };
    },
  };
}
