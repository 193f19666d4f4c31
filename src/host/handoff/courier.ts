import { execFile } from "node:child_process";
import { ROUTES_FILE } from "../../model/host-paths.ts";
import { type Account, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readRoutes } from "../routing/agent-command-io.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { deliverHandoffs, NOTHING_WAITS } from "./deliver-handoffs.ts";
import type { StepName } from "./handoff-step.ts";
import { agentsThatWait, saveWaiting } from "./waiting-file.ts";

/** Seconds after which a step is killed: the agent keeps its queue locked, or has put something else in its place. */
const PATIENCE = 30;

/** The maximum size in bytes of the answer of a step. */
const MOST_ANSWER = 32 * 1024 * 1024;

/**
 * Delivers the handoffs on this host as root.
 *
 * @param sources the agents whose handoffs are delivered; if empty, all agents on the host
 */
export async function runCourier(host: Host, sources: readonly string[]): Promise<void> {
  const users = new Map(Object.entries(readRoutes(ROUTES_FILE).users).map(([user, agent]) => [agent, user]));
  const accounts = readAccounts(host.paths.etc).users;
  for (const agent of agentsThatWait(host).filter((one) => !users.has(one)))
    saveWaiting(host, agent, NOTHING_WAITS);
  await deliverHandoffs(
    {
      agents: new Set(users.keys()),
      run: (agent, step, input) => {
        const account = accounts.get(users.get(agent) ?? "");
        if (account === undefined) throw new Error(`${agent} is not on this host`);
        return runStepAs(host, account, step, agent, input);
      },
      save: (agent, waiting) => saveWaiting(host, agent, waiting),
    },
    sources.length > 0 ? sources : [...users.keys()],
  );
}

/** Runs a step in a process with the rights of an account. */
function runStepAs(
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
