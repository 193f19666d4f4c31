import { count } from "../../base/count.ts";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { hostInState, stderrProgress } from "../../engine/index.ts";
import { lastReached, lastReachedText } from "../../inventory/last-seen.ts";
import { type CommandInput, type Io, textOption } from "../command.ts";
import { confirm } from "../confirm.ts";
import { assertDeclared } from "../selection.ts";
import { refuseReachable } from "./refuse-reachable.ts";

/**
 * Removes an agent's resources on an unreachable host from the state, so that the agent can start on its new host
 * without its old data.
 */
export async function forgetAgent(
  fleet: Fleet,
  host: string,
  agent: string,
  options: CommandInput["options"],
  io: Io,
): Promise<[]> {
  refuseDeclaredThere(fleet, host, agent);
  const stack = textOption(options["stack"]);
  const state = await hostInState(fleet.dir, stack, { host, agent }, stderrProgress());
  if (state.resources.length === 0) throw nothingThere(host, agent, state.stack);
  await refuseReachable(fleet, host, "Run `npx pulumi up`, which moves the agent with all its data.");
  const part = `${count(state.resources.length, "resource")} of stack ${state.stack}`;
  io.err(
    `Forgetting ${agent} on ${host} (${lastReachedText(lastReached(fleet.dir, host))}) removes ${part}.\n`,
  );
  if (options["yes"] !== true && !(await confirm(`Forget ${agent} on ${host}?`))) {
    io.out("Nothing was done.\n");
    return [];
  }
  const backup = await state.drop();
  io.out(`${agent} on ${host} is forgotten: removed ${part}. The previous state is kept in ${backup}.\n`);
  io.out(
    `Nothing was changed on ${host}. If ${host} comes back before ${agent} has a new home, \`npx pulumi up\` still ` +
      `moves the old home. If ${host} comes back later, \`npx pulumi up\` stops ${agent} there and moves the old home ` +
      `aside. Until then, ${agent} might run on both hosts, so keep ${host} off the network.\n`,
  );
  return [];
}

function refuseDeclaredThere(fleet: Fleet, host: string, agent: string): void {
  assertDeclared("agent", agent, fleet.agents);
  if (fleet.agents[agent]?.host !== host) return;
  throw new InvalidError({
    what: `${agent} on ${host} was not forgotten`,
    why: "fleet.yaml still declares it there.",
    next: "First give it another `host` there; then run this again.",
  });
}

function nothingThere(host: string, agent: string, stack: string): InvalidError {
  return new InvalidError({
    what: `${agent} has nothing on ${host}`,
    why: `the state of stack ${stack} contains no resource of this agent on this host.`,
    next: "To use another stack, add `--stack NAME`.",
  });
}
