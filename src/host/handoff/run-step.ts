import { execFile } from "node:child_process";
import type { Account } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readMark } from "../moves/move-state.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import type { InRequest, StepName } from "./handoff-step.ts";

/**
 * Seconds after which a step is killed. A step takes this long if the agent keeps its queue locked, or has replaced the
 * queue with something else.
 */
const PATIENCE = 30;

/** The maximum size in bytes of a step's output. */
const MOST_ANSWER = 32 * 1024 * 1024;

/** Runs a step in a process with the rights of an account. @throws Error with the reason if the step fails */
export function runStepAs(
  host: Host,
  { uid, gid }: Account,
  step: StepName,
  agent: string,
  input: unknown,
): Promise<unknown> {
  const args = ["--no-warnings", host.program, "handoff-step", step, agent];
  const limits = { maxBuffer: MOST_ANSWER, timeout: PATIENCE * 1000, killSignal: "SIGKILL" } as const;
  return new Promise((resolve, reject) => {
    const options = { ...limits, uid, gid, cwd: "/", env: ENVIRONMENT };
    const child = execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(parsed(stdout));
      else
        reject(
          new Error(error.killed ? `${agent}'s queue did not answer within ${PATIENCE} s` : stderr.trim()),
        );
    });
    // The process can end before it has read its input.
    child.stdin?.on("error", () => {});
    child.stdin?.end(JSON.stringify(input ?? null));
  });
}

/**
 * Adds handoffs to the queue of an agent on this host. While the agent moves to another host, its home can already have
 * been copied, so a task that arrives now could be lost. A move that begins during this function could also have copied
 * the home before the tasks arrived. In both cases the handoffs fail, and they are repeated later.
 *
 * @throws Error with the reason if the agent moves, or if the step fails
 */
export async function receiveAs(
  host: Host,
  account: Account,
  agent: string,
  request: InRequest,
): Promise<unknown> {
  refuseMoving(host, agent);
  const answer = await runStepAs(host, account, "in", agent, request);
  refuseMoving(host, agent);
  return answer;
}

function refuseMoving(host: Host, agent: string): void {
  if (readMark(host, agent) !== undefined) throw new Error(`${agent} is moving to another host`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
