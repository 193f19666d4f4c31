import type { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { MusterError } from "../../base/errors.ts";
import { routeTask, type TaskRoute } from "../../model/routes.ts";
import {
  AGENT_EXIT,
  type AgentCommandIo,
  actAsAgent,
  HOST_IO,
  print,
  wholeNumber,
} from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { MOST_TASK_BYTES, queuePath, withQueue } from "./open-queue.ts";
import { addTask, endTask, listTasks, TASK_STATUSES, type TaskStatus, takeTask } from "./task-queue.ts";

const USAGE = `usage: muster task add SUBJECT [--description TEXT] [--priority 1-9] [--key KEY]
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
} as const;

type Values = Readonly<Partial<Record<keyof typeof OPTIONS, string>>>;

/** The input of a verb: the open queue of an agent, the routes and the command line. */
interface TaskCall {
  readonly db: DatabaseSync;
  readonly routes: readonly TaskRoute[];
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
  next: ({ db, routes, agent, io }) => {
    const task = takeTask(db, routes, agent);
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
      verb({ db, routes: host.routes, agent, words: rest, values, io }),
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
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch {
    throw new UsageError(USAGE);
  }
}

/** Adds a task. If the task belongs to another agent, prints the name of that agent instead. */
function add({ db, routes, agent, words, values, io }: TaskCall): number {
  const [subject, ...others] = words;
  if (subject === undefined || others.length > 0) throw new UsageError(USAGE);
  const { description = "", key = null } = values;
  for (const text of [subject, description]) refuseText(text);
  const answer = routeTask(routes, agent, `${subject}\n${description}`);
  if (!answer.allowed) {
    print(io, answer);
    return AGENT_EXIT.goesElsewhere;
  }
  const priority = wholeNumber("--priority", values.priority ?? "5");
  print(io, { id: addTask(db, { key, subject, description, priority }) });
  return AGENT_EXIT.done;
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
