import { parseArgs } from "node:util";
import { MusterError } from "../../base/errors.ts";
import { type HostRoutes, routeTask } from "../../model/routes.ts";
import {
  AGENT_EXIT,
  type AgentCommandIo,
  actAsAgent,
  HOST_IO,
  joinValues,
  print,
  runAgentCommand,
  wholeNumber,
} from "../routing/agent-command-io.ts";
import { MOST_TASK_BYTES, queuePath, withQueue } from "../tasks/open-queue.ts";
import { findTask } from "../tasks/task-queue.ts";
import { beginHandoff, findHandoff, listHandoffs, notOpen, withdrawHandoff } from "./handoff-store.ts";
import { awaitHandoff, refuseTarget, secondsToWait, signalHostd } from "./request-handoff.ts";

const USAGE = `usage: fleet-handoff --agent NAME --task-id ID --progress TEXT --remaining TEXT --reason TEXT
                     [--artifacts TEXT] [--priority 1-9] [--wait SECONDS]
       fleet-handoff list [--last NUMBER]
       fleet-handoff withdraw HANDOFF [--wait SECONDS]
       (each with --from NAME, if root acts for an agent)
`;

const OPTIONS = {
  agent: { type: "string" },
  "task-id": { type: "string" },
  progress: { type: "string" },
  remaining: { type: "string" },
  reason: { type: "string" },
  artifacts: { type: "string" },
  priority: { type: "string" },
  wait: { type: "string" },
  last: { type: "string" },
  from: { type: "string" },
} as const;

type Values = Readonly<Partial<Record<keyof typeof OPTIONS, string>>>;

interface Call {
  readonly host: HostRoutes;
  /** The agent whose task is handed off. */
  readonly source: string;
  readonly values: Values;
  readonly io: AgentCommandIo;
}

/**
 * Runs `fleet-handoff` on a host, with the rights of the agent that hands off a task. Stores the handoff in the agent's
 * own queue, from which hostd delivers it.
 *
 * @returns the exit code
 */
export function runHandoff(words: readonly string[], io: AgentCommandIo = HOST_IO): number {
  return runAgentCommand({ name: "fleet-handoff", usage: USAGE, io }, parse(words), (given) => {
    const { host, agent: source } = actAsAgent(io, given.values.from);
    const call = { host, source, values: given.values, io };
    if (given.verb === "list") return list(call);
    return given.verb === "withdraw" ? withdraw(call, given.id) : handOff(call);
  });
}

/** Parses the command line. @returns undefined if it is invalid */
function parse(
  words: readonly string[],
): { values: Values; verb: string | undefined; id: string } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: joinValues(words, OPTIONS),
      options: OPTIONS,
      allowPositionals: true,
    });
    const [verb, id = "", ...others] = positionals;
    const needed = ["agent", "task-id", "progress", "remaining", "reason"] as const;
    const isComplete =
      (verb === undefined && needed.every((name) => values[name] !== undefined)) ||
      (verb === "list" && id === "") ||
      (verb === "withdraw" && id !== "");
    return isComplete && others.length === 0 ? { values, verb, id } : undefined;
  } catch {
    return undefined;
  }
}

function list({ host, source, values, io }: Call): number {
  withQueue(queuePath(io.home()), host.routes, source, (db) => {
    for (const { id, task_id: task, target: to, status, remote_id: remoteTask, ...rest } of listHandoffs(
      db,
      wholeNumber("--last", values.last ?? "100"),
    )) {
      const { attempts, error, created_at, ended_at } = rest;
      print(io, { handoff: id, task, to, status, remoteTask, attempts, error, created_at, ended_at });
    }
  });
  return AGENT_EXIT.done;
}

function handOff(call: Call): number {
  const { host, source, values, io } = call;
  const target = values.agent ?? "";
  refuseTarget(host, source, target);
  return withQueue(queuePath(io.home()), host.routes, source, (db) => {
    const task = findTask(db, wholeNumber("--task-id", values["task-id"] ?? ""));
    if (task === undefined) throw notOpen(Number(values["task-id"]));
    const { subject } = task;
    const description = describe(source, values, task);
    const answer = routeTask(host.routes, target, `${subject}\n${description}`);
    if (!answer.allowed) {
      print(io, answer);
      return AGENT_EXIT.goesElsewhere;
    }
    const priority =
      values.priority === undefined ? task.priority : wholeNumber("--priority", values.priority);
    if (priority > 9) throw new MusterError({ what: "--priority", why: "it must be 1 to 9" });
    const id = beginHandoff(db, task, { target, subject, description, priority });
    signalHostd(source);
    return awaitHandoff(db, id, io, secondsToWait(values), "delivered");
  });
}

/** Takes a task back, unless the other agent already has the task. */
function withdraw({ host, source, values, io }: Call, id: string): number {
  return withQueue(queuePath(io.home()), host.routes, source, (db) => {
    if (!withdrawHandoff(db, id)) {
      const row = findHandoff(db, id);
      const why = row === undefined ? "there is no such handoff" : `it is ${row.status}`;
      throw new MusterError({ what: `handoff ${id}`, why, next: "`fleet-handoff list` lists all handoffs." });
    }
    signalHostd(source);
    return awaitHandoff(db, id, io, secondsToWait(values), "withdrawn");
  });
}

/**
 * Returns the description of the task for the target. The description begins with the information that the target
 * needs.
 */
function describe(
  source: string,
  { progress = "", remaining = "", artifacts, reason = "" }: Values,
  {
    id,
    subject,
    description,
  }: { readonly id: number; readonly subject: string; readonly description: string },
): string {
  const sections = [
    ["Progress", progress],
    ["Remaining", remaining],
    ...(artifacts === undefined ? [] : [["Artifacts", artifacts]]),
    ["Reason", reason],
    [`Original task (${source}, task ${id})`, `${subject}\n${description}`.trimEnd()],
  ];
  const text = sections.map(([title, content]) => `## ${title}\n\n${content}\n`).join("\n");
  if (text.includes("\0")) throw new MusterError({ what: "the text", why: "it contains a NUL character" });
  if (Buffer.byteLength(text) <= MOST_TASK_BYTES) return text;
  const why = "together with the original task, it is larger than 1 MiB";
  throw new MusterError({ what: "the description", why, next: "Put long texts in a file." });
}
