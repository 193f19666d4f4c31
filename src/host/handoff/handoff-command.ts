import { existsSync, writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { MusterError } from "../../base/errors.ts";
import { agentRunDir, handoffSignal } from "../../model/host-paths.ts";
import { type HostRoutes, isSameTenant, routeTask } from "../../model/routes.ts";
import {
  AGENT_EXIT,
  type AgentCommandIo,
  actAsAgent,
  HOST_IO,
  print,
  wholeNumber,
} from "../routing/agent-command-io.ts";
import { pause, reasonOf } from "../system/error-reason.ts";
import { MOST_TASK_BYTES, queuePath, withQueue } from "../tasks/open-queue.ts";
import { findTask } from "../tasks/task-queue.ts";
import {
  beginHandoff,
  findHandoff,
  type HandoffRow,
  listHandoffs,
  notOpen,
  withdrawHandoff,
} from "./handoff-store.ts";

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

/** Milliseconds between two checks of a handoff's state. */
const CHECK = 100;

/** The seconds for which the command waits by default. */
const WAIT = "20";

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
  const given = parse(words);
  if (given === undefined) {
    io.err(USAGE);
    return AGENT_EXIT.usage;
  }
  try {
    const { host, agent: source } = actAsAgent(io, given.values.from);
    const call = { host, source, values: given.values, io };
    if (given.verb === "list") return list(call);
    return given.verb === "withdraw" ? withdraw(call, given.id) : handOff(call);
  } catch (error) {
    io.err(`fleet-handoff: ${error instanceof Error ? error.message : reasonOf(error)}\n`);
    return AGENT_EXIT.failed;
  }
}

/** Parses the command line. @returns undefined if it is invalid */
function parse(
  words: readonly string[],
): { values: Values; verb: string | undefined; id: string } | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
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
  refuseTarget(call, target);
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
    signal(source);
    return report(db, id, io, secondsToWait(values), "delivered");
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
    signal(source);
    return report(db, id, io, secondsToWait(values), "withdrawn");
  });
}

function secondsToWait({ wait = WAIT }: Values): number {
  const seconds = Number(wait);
  return Number.isFinite(seconds) ? seconds : 0;
}

function refuseTarget({ host, source }: Call, target: string): void {
  if (target === source)
    throw new MusterError({ what: target, why: "an agent cannot hand a task off to itself" });
  const names = Object.values(host.users).filter((name) => isSameTenant(host, source, name));
  if (names.includes(target)) return;
  throw new MusterError({
    what: target,
    why: "this tenant has no agent with this name and a Linux user of its own on this host; a task can only be handed off to such an agent",
    next: `The agents of the tenant on this host are ${names.join(", ")}. The task was not changed.`,
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

/**
 * Signals hostd to deliver now. While the agent is stopped, its folder for the signal does not exist, so hostd finds
 * the handoff a few minutes later.
 */
function signal(source: string): void {
  try {
    if (existsSync(agentRunDir(source))) writeFileSync(handoffSignal(source), "");
  } catch {
    return;
  }
}

/** Waits for the end of a handoff, and prints its state. @param wanted the state that the command has requested */
function report(
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
      print(io, {
        handoff: id,
        task,
        to,
        status,
        ...(remoteTask && { remoteTask }),
        ...(error && { error }),
      });
      if (!isEnded) return AGENT_EXIT.waiting;
      return row.status === wanted ? AGENT_EXIT.done : AGENT_EXIT.failed;
    }
    pause(CHECK);
  }
}
