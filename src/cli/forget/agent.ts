import { count } from "../../base/count.ts";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { hostInState, stderrProgress } from "../../engine/index.ts";
import { lastReached, sinceWhen } from "../../inventory/last-seen.ts";
import type { Given, Io } from "../command.ts";
import { confirm } from "../confirm.ts";
import { assertDeclared } from "../selection.ts";
import { refuseReachable } from "./refuse-reachable.ts";

/** Gives up what an agent has on a host that is away, so that it can begin anew where it is declared now. */
export async function forgetAgent(
  fleet: Fleet,
  host: string,
  agent: string,
  options: Given["options"],
  io: Io,
): Promise<[]> {
  refuseLiving(fleet, host, agent);
  const stack = typeof options["stack"] === "string" ? options["stack"] : undefined;
  const state = await hostInState(fleet.dir, stack, { host, agent }, stderrProgress());
  if (state.resources.length === 0) throw unknownThere(host, agent, state.stack);
  await refuseReachable(fleet, host, "Run `npx pulumi up`, which moves the agent with all that it has.");
  const part = `${count(state.resources.length, "resource")} of stack ${state.stack}`;
  io.err(
    `What ${agent} has on ${host}, ${sinceWhen(lastReached(fleet.dir, host))}, will be given up: ${part}.\n`,
  );
  if (options["yes"] !== true && !(await confirm(`Forget ${agent} on ${host}?`))) {
    io.out("Nothing was done.\n");
    return [];
  }
  const backup = await state.drop();
  io.out(`${agent} on ${host} is forgotten: ${part}. The state as it was is kept in ${backup}.\n`);
  io.out(
    `Nothing was changed on ${host}: where it comes back before its home is needed elsewhere, \`npx pulumi up\` still ` +
      `moves it. After that the next \`npx pulumi up\` stops ${agent} there, and keeps its home there aside; ` +
      `until then it may run there too, so keep ${host} off the network.\n`,
  );
  return [];
}

function refuseLiving(fleet: Fleet, host: string, agent: string): void {
  assertDeclared("agent", agent, fleet.agents);
  if (fleet.agents[agent]?.host !== host) return;
  throw new InvalidError({
    what: `${agent} on ${host} was not forgotten`,
    why: "fleet.yaml says that it lives there.",
    next: "Give it another `host` first; then run this again.",
  });
}

function unknownThere(host: string, agent: string, stack: string): InvalidError {
  return new InvalidError({
    what: `${agent} has nothing on ${host}`,
    why: `the state of stack ${stack} knows nothing of it there.`,
    next: "Another stack is named by `--stack NAME`.",
  });
}
