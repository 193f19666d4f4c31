import type { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { MusterError } from "../../base/errors.ts";
import { type HostRoutes, partnersOf, routeTask } from "../../model/routes.ts";
import { beginNewHandoff } from "../handoff/handoff-store.ts";
import { awaitHandoff, refuseTarget, secondsToWait, signalHostd } from "../handoff/request-handoff.ts";
import {
  AGENT_EXIT,
  type AgentCommandIo,
  actAsAgent,
  HOST_IO,
  joinValues,
  print,
  wholeNumber,
} from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { MOST_TASK_BYTES, queuePath, withQueue } from "./open-queue.ts";
import { isFull, overflowOf, queueLoad } from "./queue-load.ts";
import { addTask, endTask, listTasks, TASK_STATUSES, type TaskStatus, takeTask } from "./task-queue.ts";

const USAGE = `usage: muster task add SUBJECT [--description TEXT] [--priority 1-9] [--key KEY] [--to AGENT [--wait SECONDS]]
       muster task list [--status STATUS] [--last NUMBER]
       muster task next
       muster task done ID [RESULT]
       muster task fail ID REASON
       (each with --agent NAME, if root acts for an agent)
`;

const OPTIONS = {
  agent: { type: "string" },
  description: { type: "string" },
  priority: { type: "string" },
  key: { type: "string" },
  status: { type: "string" },
  last: { type: "string" },
  to: { type: "string" },
  wait: { type: "string" },
} as const;

type Values = Readonly<Partial<Record<keyof typeof OPTIONS, string>>>;

/** The input of a verb: the open queue of an agent, the routes and the command line. */
interface TaskCall {
  readonly db: DatabaseSync;
  readonly host: HostRoutes;
  readonly agent: string;
  readonly words: readonly string[];
  readonly values: Values;
  readonly io: AgentCommandIo;
}

/** The verbs of `muster task`. Each prints one line of JSON for each task, and returns the exit code. */
const VERBS: Readonly<Record<string, (call: TaskCall) => number>> = {
  add,
  list: ({ db, values, io }) => {
    const status = values.status === undefined ? undefined : statusOf(values.status);
    for (const task of listTasks(db, wholeNumber("--last", values.last ?? "100"), status)) print(io, task);
    return AGENT_EXIT.done;
  },
  next: ({ db, host, agent, io }) => {
    const task = takeTask(db, host.routes, agent);
    if (task === undefined) return AGENT_EXIT.nothing;
    print(io, task);
    return AGENT_EXIT.done;
  },
  done: (call) => end(call, "done"),
  fail: (call) => end(call, "failed"),
};

/**
 * Runs `muster task` on a host, with the rights of the agent that owns the queue.
 *
 * @returns the exit code
 */
export function runTask(words: readonly string[], io: AgentCommandIo = HOST_IO): number {
  try {
    const { values, positionals } = parse(words);
    const [name = "", ...rest] = positionals;
    const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
    if (verb === undefined) throw new UsageError(USAGE);
    const { host, agent } = actAsAgent(io, values.agent);
    return withQueue(queuePath(io.home()), host.routes, agent, (db) =>
      verb({ db, host, agent, words: rest, values, io }),
    );
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(error.message);
      return AGENT_EXIT.usage;
    }
    io.err(`muster task: ${error instanceof Error ? error.message : reasonOf(error)}\n`);
    return AGENT_EXIT.failed;
  }
}

class UsageError extends Error {}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: joinValues(words, OPTIONS), options: OPTIONS, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
}

/**
 * Adds a task to this queue or, with --to or if this queue is overloaded, to the queue of another agent. If the task must go to another agent, adds
 * nothing and prints the name of that agent.
 */
function add({ db, host, agent, words, values, io }: TaskCall): number {
  const [subject, ...others] = words;
  if (subject === undefined || others.length > 0) throw new UsageError(USAGE);
  const { description = "", key = null } = values;
  for (const text of [subject, description]) refuseText(text);
  const text = `${subject}\n${description}`;
  const to = values.to ?? targetByLoad(db, host, agent, text);
  if (to !== agent) refuseTarget(host, agent, to);
  const answer = routeTask(host.routes, to, text);
  if (!answer.allowed) {
    print(io, answer);
    return AGENT_EXIT.goesElsewhere;
  }
  const priority = wholeNumber("--priority", values.priority ?? "5");
  const task = { key, subject, description, priority };
  if (to !== agent) {
    const handoff = beginNewHandoff(db, to, task);
    signalHostd(agent);
    return awaitHandoff(db, handoff, io, secondsToWait(values), "delivered");
  }
  if (isFull(db, host.queues?.[agent] ?? {}))
    throw new MusterError({
      what: `the queue of ${agent} is full`,
      why: `its load is ${queueLoad(db)}`,
      next: "End tasks, or send the task to another agent with --to.",
    });
  print(io, { id: addTask(db, task) });
  return AGENT_EXIT.done;
}

/** Returns the agent that gets a new task. If the overflow must not do the task, the task remains here. */
function targetByLoad(db: DatabaseSync, host: HostRoutes, agent: string, text: string): string {
  const overflow = overflowOf(db, host.queues?.[agent] ?? {});
  if (overflow === undefined || !partnersOf(host, agent).includes(overflow)) return agent;
  return routeTask(host.routes, overflow, text).allowed ? overflow : agent;
}

function end({ db, words, io }: TaskCall, status: "done" | "failed"): number {
  const [id = "", ...rest] = words;
  const result = rest.join(" ");
  if (status === "failed" && result === "") throw new UsageError(USAGE);
  refuseText(result);
  const task = endTask(db, wholeNumber("the ID", id), status, result);
  if (task === undefined) throw new MusterError({ what: `task ${id}`, why: "no open task has this ID" });
  print(io, task);
  return AGENT_EXIT.done;
}

function refuseText(text: string): void {
  if (text.includes("\0")) throw new MusterError({ what: "the text", why: "it contains a NUL character" });
  if (Buffer.byteLength(text) > MOST_TASK_BYTES)
    throw new MusterError({ what: "the text", why: "it is larger than 1 MiB", next: "Put it in a file." });
}

function statusOf(text: string): TaskStatus {
  const status = TASK_STATUSES.find((one) => one === text);
  if (status !== undefined) return status;
  throw new MusterError({ what: "--status", why: `it must be one of ${TASK_STATUSES.join(", ")}` });
}
