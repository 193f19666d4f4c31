import type { JobRetry } from "../../model/job.ts";
import type { AgentSpec, JobSpec } from "../fleet.ts";
import type { RawJob } from "../fleet-yaml-types.ts";
import { inHome } from "../home-path.ts";
import type { Keys } from "../problem.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context, Resolver } from "./context.ts";

const TIMEOUT = "1h";
const AFTER = "5m";

/** The default PATH of a host's job. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Creates the resolver that fills in the defaults of jobs.
 *
 * @param agents the resolved agents, which determine the hosts of their jobs
 */
export function jobResolver(agents: Readonly<Record<string, AgentSpec>>): Resolver<RawJob, JobSpec> {
  return (name, raw, keys, context) => {
    checkUser(raw, keys, agents, context);
    const agent = raw.agent === undefined ? undefined : agents[raw.agent];
    // A missing or invalid agent has been reported already.
    if (raw.agent !== undefined && agent === undefined) return undefined;
    const { user, env, overlap = "skip", catchUp = false } = raw;
    const path: Record<string, string> = agent === undefined ? { PATH } : {};
    return {
      name,
      host: agent?.host ?? raw.host ?? "",
      ...(agent && { agent: agent.name }),
      ...(user !== undefined && { user }),
      schedule: typeof raw.schedule === "string" ? [raw.schedule] : raw.schedule,
      command: commandOf(raw.command, agent),
      workdir: agent?.workdir ?? raw.workdir ?? "/tmp",
      env: { ...path, ...env },
      timeout: secondsOf(raw.timeout ?? TIMEOUT),
      overlap,
      catchUp,
      retry: retryOf(raw.onFailure),
    };
  };
}

function commandOf([program = "", ...args]: readonly string[], agent: AgentSpec | undefined): string[] {
  return [agent === undefined ? program : inHome(agent.home, program), ...args];
}

function retryOf({ retries = 0, after = AFTER }: RawJob["onFailure"] & {} = {}): JobRetry {
  return { retries, after: secondsOf(after) };
}

/**
 * Requires a reason for a job that runs as root. Refuses a host's job that runs as the user of an agent,
 * because the job would bypass the agent's sandbox.
 */
function checkUser(
  { user, rootBecause }: RawJob,
  keys: Keys,
  agents: Readonly<Record<string, AgentSpec>>,
  { report, source }: Context,
): void {
  if (user === "root" && rootBecause === undefined) {
    const sentence =
      "runs as root: give a reason in `rootBecause`, or omit `user` to use an unprivileged user";
    report.error(source, [...keys, "user"], sentence);
  }
  if (user !== "root" && rootBecause !== undefined) {
    report.error(source, [...keys, "rootBecause"], "is only for `user: root`", "key");
  }
  const agent = Object.values(agents).find((one) => one.user === user);
  if (agent !== undefined) {
    const sentence = `is the user of agent "${agent.name}": write \`agent: ${agent.name}\` instead of \`host\` and \`user\``;
    report.error(source, [...keys, "user"], sentence);
  }
}
