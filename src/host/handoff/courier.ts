import { execFile } from "node:child_process";
import { ROUTES_FILE } from "../../model/host-paths.ts";
import { isSameTenant } from "../../model/routes.ts";
import { type Account, readAccounts } from "../accounts/read-accounts.ts";
import type { Host } from "../context.ts";
import { readRoutes } from "../routing/agent-command-io.ts";
import { reasonOf } from "../system/error-reason.ts";
import { ENVIRONMENT } from "../system/run-program.ts";
import { type Courier, deliverHandoffs, NOTHING_WAITS } from "./deliver-handoffs.ts";
import type { StepName } from "./handoff-step.ts";
import { readWaiting, saveWaiting } from "./waiting-file.ts";

/**
 * Seconds after which a step is killed. A step takes this long if the agent keeps its queue locked, or has replaced the
 * queue with something else.
 */
const PATIENCE = 30;

/** The maximum size in bytes of a step's output. */
const MOST_ANSWER = 32 * 1024 * 1024;

/**
 * Delivers the handoffs of an agent as root. Two processes must not do this for the same agent at the same time,
 * because one process could deliver a handoff that the other process withdraws.
 */
export async function runCourier(host: Host, source: string): Promise<void> {
  const routes = readRoutes(ROUTES_FILE);
  const { users: agents, renamed = {} } = routes;
  const own = Object.entries(agents).filter(([, agent]) => isSameTenant(routes, source, agent));
  const users = new Map(own.map(([user, agent]) => [agent, user]));
  if (!users.has(source)) return saveWaiting(host, source, NOTHING_WAITS);
  try {
    await deliverHandoffs(courierOn(host, source, users, renamed), {
      name: source,
      formerly: Object.keys(renamed).filter((name) => renamed[name] === source),
    });
  } catch (error) {
    // The queue of the source cannot be read, so only the last known state can be reported.
    const before = readWaiting(host, source);
    const failed = before && { ...before, attempts: before.attempts + 1, error: reasonOf(error) };
    if (failed !== undefined) saveWaiting(host, source, failed);
  }
}

function courierOn(
  host: Host,
  source: string,
  users: ReadonlyMap<string, string>,
  renamed: Readonly<Record<string, string>>,
): Courier {
  const accounts = readAccounts(host.paths.etc).users;
  return {
    nameNow: (name) => [name, renamed[name] ?? ""].find((one) => users.has(one)),
    run: (agent, step, input) => {
      const account = accounts.get(users.get(agent) ?? "");
      if (account === undefined) throw new Error(`${agent} is not on this host`);
      return runStepAs(host, account, step, agent, input);
    },
    save: (waiting) => saveWaiting(host, source, waiting),
  };
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
