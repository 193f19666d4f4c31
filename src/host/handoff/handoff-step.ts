import { existsSync, readFileSync, rmSync } from "node:fs";
import { handoffSignal } from "../../model/host-paths.ts";
import type { QueueLimits, TaskRoute } from "../../model/routes.ts";
import { HOST_IO, readRoutes } from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { queuePath, withQueue } from "../tasks/open-queue.ts";
import {
  type Handoff,
  nextHandoffs,
  type Outcome,
  receiveHandoffs,
  type Source,
  settleHandoffs,
  type WaitingHandoffs,
  waitingHandoffs,
} from "./handoff-store.ts";
import { type MessageOutcome, nextMessages, type OutMessage, settleMessages } from "./message-outbox.ts";

/** The handoffs that the source has to deliver. */
export interface OutAnswer extends WaitingHandoffs {
  readonly handoffs: readonly Handoff[];
}

/** Handoffs for the target. */
export interface InRequest {
  /**
   * The agent whose queue contained the handoffs. hostd knows this agent, because hostd has read this agent's queue.
   */
  readonly source: Source;
  readonly handoffs: readonly Handoff[];
}

/** The agent whose queue a step opens. */
export interface StepAgent {
  readonly name: string;
  readonly home: string;
  readonly routes: readonly TaskRoute[];
  readonly limits?: QueueLimits;
}

/** The steps of a delivery. hostd runs each step in a process with the rights of the agent that owns the queue. */
export const STEPS = {
  /** Reads the handoffs of a source. */
  out: (agent: StepAgent): OutAnswer => {
    // A handoff that begins after this line creates the file again.
    rmSync(handoffSignal(agent.name), { force: true });
    if (!existsSync(queuePath(agent.home)))
      return { waiting: 0, attempts: 0, since: null, error: null, handoffs: [] };
    return open(agent, (db) => ({ ...waitingHandoffs(db), handoffs: nextHandoffs(db) }));
  },
  /** Adds handoffs to the queue of a target. When the step returns, the handoffs are on the disk. */
  in: (agent: StepAgent, { source, handoffs }: InRequest): Outcome[] =>
    open(agent, (db) => receiveHandoffs(db, agent, source, handoffs)),
  /** Records the outcomes in the queue of the source. */
  settle: (agent: StepAgent, outcomes: readonly Outcome[]): WaitingHandoffs =>
    open(agent, (db) => settleHandoffs(db, outcomes)),
  /** Reads the messages of a source to other agents. */
  messages: (agent: StepAgent): OutMessage[] =>
    existsSync(queuePath(agent.home)) ? open(agent, nextMessages) : [],
  /** Records the verdicts of messages in the queue of the source. */
  verdicts: (agent: StepAgent, outcomes: readonly MessageOutcome[]): WaitingHandoffs =>
    open(agent, (db) => {
      settleMessages(db, outcomes);
      return waitingHandoffs(db);
    }),
};

export type StepName = keyof typeof STEPS;

function open<T>({ name, home, routes }: StepAgent, use: Parameters<typeof withQueue<T>>[3]): T {
  return withQueue(queuePath(home), routes, name, use);
}

/** Runs one step for the user of this process. The input is JSON on stdin, and the output is JSON on stdout. */
export function runStep([step = "", name = ""]: readonly string[]): number {
  try {
    const { routes, queues = {} } = readRoutes(HOST_IO.file);
    const agent = { name, home: HOST_IO.home(), routes, ...(queues[name] && { limits: queues[name] }) };
    const run = STEPS[step as StepName] as (agent: StepAgent, input: never) => unknown;
    const input = step === "out" || step === "messages" ? undefined : JSON.parse(readFileSync(0, "utf8"));
    process.stdout.write(JSON.stringify(run(agent, input as never)));
    return 0;
  } catch (error) {
    process.stderr.write(error instanceof Error ? error.message : reasonOf(error));
    return 1;
  }
}
