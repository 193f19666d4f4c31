import { existsSync, writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { MusterError } from "../../base/errors.ts";
import { agentRunDir, handoffSignal } from "../../model/host-paths.ts";
import { type HostRoutes, partnersOf } from "../../model/routes.ts";
import { AGENT_EXIT, type AgentCommandIo, print } from "../routing/agent-command-io.ts";
import { pause } from "../system/error-reason.ts";
import { findHandoff, type HandoffRow } from "./handoff-store.ts";

/** Milliseconds between two checks of a handoff's state. */
const CHECK = 100;

/** The seconds for which a command waits by default. */
const WAIT = "20";

/** Parses the option --wait. */
export function secondsToWait({ wait = WAIT }: { readonly wait?: string }): number {
  const seconds = Number(wait);
  return Number.isFinite(seconds) ? seconds : 0;
}

/** @throws MusterError if an agent cannot hand tasks off to another agent */
export function refuseTarget(host: HostRoutes, source: string, target: string): void {
  if (target === source)
    throw new MusterError({ what: target, why: "an agent cannot hand a task off to itself" });
  const names = partnersOf(host, source);
  if (names.includes(target)) return;
  throw new MusterError({
    what: target,
    why: "this tenant has no agent with this name and a Linux user of its own; a task can only be handed off to such an agent",
    next: `The other agents of the tenant are ${names.join(", ") || "none"}. Nothing was changed.`,
  });
}

/**
 * Signals hostd to deliver now. While the agent is stopped, its folder for the signal does not exist, so hostd finds
 * the handoff a few minutes later.
 */
export function signalHostd(source: string): void {
  try {
    if (existsSync(agentRunDir(source))) writeFileSync(handoffSignal(source), "");
  } catch {
    return;
  }
}

/**
 * Waits for the end of a handoff, and prints its state.
 *
 * @param wait in seconds
 * @param wanted the state that the command has requested
 * @returns the exit code
 */
export function awaitHandoff(
  db: DatabaseSync,
  id: string,
  io: AgentCommandIo,
  wait: number,
  wanted: HandoffRow["status"],
): number {
  const deadline = Date.now() + wait * 1000;
  for (;;) {
    const row = findHandoff(db, id);
    const isEnded = row?.status === "delivered" || row?.status === "withdrawn";
    if (isEnded || Date.now() >= deadline) {
      const { task_id: task, target: to, status, remote_id: remoteTask, error } = row ?? {};
      const rest = { ...(remoteTask && { remoteTask }), ...(error && { error }) };
      print(io, { handoff: id, task, to, status, ...rest });
      if (!isEnded) return AGENT_EXIT.waiting;
      return row.status === wanted ? AGENT_EXIT.done : AGENT_EXIT.failed;
    }
    pause(CHECK);
  }
}
