import { InvalidError, MusterError } from "../../../base/errors.ts";
import type { PackAnswer } from "../../../model/move.ts";
import type { ConvergeRequest } from "../../../model/protocol.ts";
import { subjectOf } from "../../../model/resource-id.ts";
import { HostError } from "../../../transport/host-error.ts";
import type { AgentMover, ProviderContext } from "../../context.ts";
import type { PendingMove } from "../../pending-moves.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { movesFromOf } from "./directives.ts";

/** Milliseconds between two messages about the progress of a home. */
const TELL_EVERY = 10_000;

/**
 * Moves an agent's home from the host that has it to the host of this resource: stops the agent there, copies the
 * whole home, and lets it go, in this order. Each host notes each step, so that the next run continues after a killed
 * one.
 *
 * @throws MusterError where the home is still on the old host; the agent then keeps running there, if that host can
 * be reached
 */
export async function moveHome(
  services: ProviderContext,
  call: HandlerCall,
  news: Properties,
  request: ConvergeRequest,
): Promise<void> {
  const source = movesFromOf(news);
  if (source === undefined) return;
  const move = services.moves.to(request.id);
  if (move === undefined) throw leftOut(request.id, source);
  if (move.isProtected) throw isProtected(move);
  const { id, type, owner, items } = request;
  const { from } = move;
  try {
    // Before the agent is stopped, both hosts are reached and the new one has room.
    const old = await services.hosts.mover(from);
    const now = await services.hosts.mover(move.to);
    const arrival = { op: "arrive", id, type, owner, items, from } as const;
    if ((await now.arrive(arrival)).state === "lives") throw lives(move);
    const { state, move: name, history } = await old.leave({ op: "leave", id: move.id, owner, to: move.to });
    if (state === "leaving") {
      await bring({ old, now, call, move, owner, name }, { ...arrival, move: name });
      await old.settle({ op: "settle", id: move.id, move: name, outcome: "arrived" });
    }
    await now.settle({ op: "settle", id, move: name, outcome: "arrived", history });
    services.moves.done(move);
  } catch (error) {
    throw error instanceof HostError && error.host === from ? isAway(move) : error;
  } finally {
    for (const host of [from, move.to]) services.looks.forget(host);
  }
}

interface Way {
  readonly old: AgentMover;
  readonly now: AgentMover;
  readonly call: HandlerCall;
  readonly move: PendingMove;
  readonly owner: string;
  /** The id of the move, the same on both hosts. */
  readonly name: string;
}

/** If it fails, the agent stays; it has not run anywhere in the meantime. */
async function bring(way: Way, arrival: Parameters<AgentMover["arrive"]>[0]): Promise<void> {
  const { old, now, move, name } = way;
  try {
    if ((await now.arrive(arrival)).state === "open") await stream(way);
  } catch (error) {
    const failed = { op: "settle", id: move.id, move: name, outcome: "failed" } as const;
    await old.settle(failed).catch(() => undefined);
    throw error;
  }
}

/** While one host writes a piece, the other reads the next: at most two pieces are in memory. */
async function stream({ old, now, call, move, owner, name }: Way): Promise<void> {
  const take = (first: boolean) => old.pack({ op: "pack", id: move.id, owner, move: name, first });
  let told = Date.now();
  let bytes = 0;
  for (let next: ReturnType<typeof take> | undefined = take(true); next !== undefined; ) {
    const piece: PackAnswer = await next;
    next = piece.sum === undefined ? take(false) : undefined;
    // Awaited below, unless the other host fails first.
    next?.catch(() => undefined);
    const { aside } = await now.unpack({ op: "unpack", id: move.toId, move: name, ...piece });
    for (const path of aside) await call.log("info", `${move.to}: moved aside, kept for you: ${path}`);
    bytes += Buffer.byteLength(piece.bytes, "base64");
    if (Date.now() - told < TELL_EVERY) continue;
    told = Date.now();
    await call.log("info", `${Math.round(bytes / 1024 / 1024)} MB came from ${move.from}`);
  }
}

function agentOf({ id }: PendingMove): string {
  return subjectOf(id).name;
}

function lives(move: PendingMove): MusterError {
  return new MusterError({
    what: `${agentOf(move)} does not move to ${move.to}`,
    why: "it lives there already.",
    next: "Run `npx pulumi up` again, which checks this.",
  });
}

/** The engine was not asked about the host that has it, so it could not be removed there. */
function leftOut(id: string, source: string): InvalidError {
  const { host: to, name: agent } = subjectOf(id);
  return new InvalidError({
    what: `${agent} does not move to ${to}`,
    why: `this run covers only a part of the fleet, without ${subjectOf(source).host}, which has its home.`,
    next: `Run it whole, or with \`$(npx fleet targets --agent ${agent})\`.`,
  });
}

function isProtected(move: PendingMove): InvalidError {
  const { from, to } = move;
  return new InvalidError({
    what: `${agentOf(move)} does not move to ${to}`,
    why: `it is protected on ${from}, so nothing of it is removed there.`,
    next: `Declare it on ${from} with \`protect: false\`, run \`npx pulumi up\`, and move it then.`,
  });
}

function isAway(move: PendingMove): MusterError {
  const { from, to } = move;
  const agent = agentOf(move);
  return new MusterError({
    what: `${agent} does not move to ${to}`,
    why: `its home is on ${from}, which is unreachable.`,
    next:
      `When ${from} is back, run \`npx pulumi up\`. To give up what is there, and begin with a new home: ` +
      `\`npx fleet forget ${from} --agent ${agent}\`.`,
  });
}
