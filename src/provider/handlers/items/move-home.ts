import { InvalidError, MusterError } from "../../../base/errors.ts";
import type { PackAnswer } from "../../../model/move.ts";
import type { ConvergeRequest } from "../../../model/protocol.ts";
import { subjectOf } from "../../../model/resource-id.ts";
import { HostError } from "../../../transport/host-error.ts";
import type { AgentMover, ProviderContext } from "../../context.ts";
import type { PendingMove } from "../../pending-moves.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { movesFromOf } from "./metadata-inputs.ts";

/** The number of milliseconds between two messages about the progress of a transfer. */
const PROGRESS_INTERVAL = 10_000;

/**
 * Moves an agent's home to the host of this resource: stops the agent on the old host, copies the home, and
 * then marks the old copy as gone. Both hosts record each step, so that the next run can continue if this run
 * is killed.
 *
 * @throws MusterError if the home is still on the old host. If the old host is reachable, the agent keeps running on
 *   it.
 */
export async function moveHome(
  context: ProviderContext,
  call: HandlerCall,
  news: Properties,
  request: ConvergeRequest,
): Promise<void> {
  const source = movesFromOf(news);
  if (source === undefined) return;
  const move = context.moves.to(request.id);
  if (move === undefined) throw outsideRun(request.id, source);
  if (move.isProtected) throw isProtected(move);
  const { id, type, owner, items } = request;
  const { from } = move;
  try {
    // Before the agent is stopped, check that both hosts are reachable, and that the new host has enough space.
    const old = await context.hosts.mover(from);
    const now = await context.hosts.mover(move.to);
    const arrival = { op: "arrive", id, type, owner, items, from } as const;
    if ((await now.arrive(arrival)).state === "lives") throw alreadyThere(move);
    const leaving = await old.leave({ op: "leave", id: move.id, owner, to: move.to });
    const { state, move: name, history, logins } = leaving;
    if (state === "leaving") {
      await transferHome({ old, now, call, move, owner, name }, { ...arrival, move: name });
      await old.settle({ op: "settle", id: move.id, move: name, outcome: "arrived" });
    }
    await now.settle({
      op: "settle",
      id,
      move: name,
      outcome: "arrived",
      history,
      ...(logins && { logins }),
    });
    context.moves.done(move);
  } catch (error) {
    throw error instanceof HostError && error.host === from ? sourceUnreachable(move) : error;
  } finally {
    for (const host of [from, move.to]) context.observations.forget(host);
  }
}

interface Transfer {
  readonly old: AgentMover;
  readonly now: AgentMover;
  readonly call: HandlerCall;
  readonly move: PendingMove;
  readonly owner: string;
  /** The id of the move, which is the same on both hosts. */
  readonly name: string;
}

/**
 * Copies the home. If the copy fails, restarts the agent on the old host. This is safe, because the agent has not run
 * on the new host yet.
 */
async function transferHome(transfer: Transfer, arrival: Parameters<AgentMover["arrive"]>[0]): Promise<void> {
  const { old, now, move, name } = transfer;
  try {
    if ((await now.arrive(arrival)).state === "open") await stream(transfer);
  } catch (error) {
    const failed = { op: "settle", id: move.id, move: name, outcome: "failed" } as const;
    await old.settle(failed).catch(() => undefined);
    throw error;
  }
}

/**
 * Copies the home in pieces. While the new host writes a piece, the old host already reads the next piece. At most two
 * pieces are in memory.
 */
async function stream({ old, now, call, move, owner, name }: Transfer): Promise<void> {
  const take = (first: boolean) => old.pack({ op: "pack", id: move.id, owner, move: name, first });
  let lastReport = Date.now();
  let bytes = 0;
  for (let next: ReturnType<typeof take> | undefined = take(true); next !== undefined; ) {
    const piece: PackAnswer = await next;
    next = piece.sum === undefined ? take(false) : undefined;
    // If the new host fails first, nothing awaits `next`, and an unhandled rejection would end the process.
    next?.catch(() => undefined);
    const { aside } = await now.unpack({ op: "unpack", id: move.toId, move: name, ...piece });
    for (const path of aside)
      await call.log("info", `${move.to}: files that were at the home's path were moved aside to ${path}`);
    bytes += Buffer.byteLength(piece.bytes, "base64");
    if (Date.now() - lastReport < PROGRESS_INTERVAL) continue;
    lastReport = Date.now();
    await call.log("info", `${Math.round(bytes / 1024 / 1024)} MB have been copied from ${move.from}`);
  }
}

function agentOf({ id }: PendingMove): string {
  return subjectOf(id).name;
}

function alreadyThere(move: PendingMove): MusterError {
  return new MusterError({
    what: `${agentOf(move)} was not moved to ${move.to}`,
    why: "it is there already.",
    next: "Run `npx pulumi up` again to refresh.",
  });
}

/**
 * Returns the error for a run that does not cover the old host. Such a run could not remove the home from the old host.
 */
function outsideRun(id: string, source: string): InvalidError {
  const { host: to, name: agent } = subjectOf(id);
  return new InvalidError({
    what: `${agent} was not moved to ${to}`,
    why: `its home is on ${subjectOf(source).host}, which this run does not cover.`,
    next: `Run \`npx pulumi up\` without targets, or with \`$(npx fleet targets --agent ${agent})\`.`,
  });
}

function isProtected(move: PendingMove): InvalidError {
  const { from, to } = move;
  return new InvalidError({
    what: `${agentOf(move)} was not moved to ${to}`,
    why: `it is protected on ${from}, so it cannot be removed there.`,
    next: `Declare it on ${from} with \`protect: false\`, run \`npx pulumi up\`, and then move it.`,
  });
}

function sourceUnreachable(move: PendingMove): MusterError {
  const { from, to } = move;
  const agent = agentOf(move);
  return new MusterError({
    what: `${agent} was not moved to ${to}`,
    why: `its home is on ${from}, which is unreachable.`,
    next:
      `When ${from} is back, run \`npx pulumi up\`. To give up that home and start with a new one, run ` +
      `\`npx fleet forget ${from} --agent ${agent}\`.`,
  });
}
